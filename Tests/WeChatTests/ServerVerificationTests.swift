import Testing

@testable import WeChat

struct ServerVerificationTests {
    @Test func `every vector verifies, and no other signature does`() throws {
        let vectors = try Vectors.load().serverVerification
        #expect(vectors.count >= 2)
        for vector in vectors {
            func verify(_ signature: String, token: String? = nil, nonce: String? = nil) -> Bool {
                ServerVerification.verify(
                    token: token ?? vector.token, timestamp: vector.timestamp, nonce: nonce ?? vector.nonce,
                    signature: signature)
            }
            #expect(verify(vector.signature))
            #expect(!verify(vector.signature.uppercased()))
            #expect(!verify(String(vector.signature.dropLast())))
            #expect(!verify(vector.signature + "0"))
            #expect(!verify(""))
            #expect(!verify(vector.signature, token: "other"))
            #expect(!verify(vector.signature, nonce: "other"))
        }
    }

    @Test func `without a token nothing is genuine`() {
        // sha1("1700000000n1"), which anybody can compute.
        let forged = "e2cbaa64a2bd6a7a6fc1ca08a5a9da3f8b9b6fb0"
        #expect(!ServerVerification.verify(token: "", timestamp: "1700000000", nonce: "n1", signature: forged))
    }

    @Test func `a genuine question is answered with its own text`() {
        func echo(_ signature: String) -> String? {
            ServerVerification.echo(
                "echo <1>", token: "gwtoken", timestamp: "1700000000", nonce: "n1", signature: signature)
        }
        #expect(echo("c60097619b39f29354318230d69e320107f9de99") == "echo <1>")
        #expect(echo("c60097619b39f29354318230d69e320107f9de98") == nil)
    }
}
