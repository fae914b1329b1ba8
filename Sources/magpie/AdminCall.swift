import Gateway
import HTTP
import Reactor
import Secure
import Wire

/// One call to the admin listener of the Magpie that runs with a configuration: what it keeps in memory (tickets,
/// sessions in a memory store) can be asked nowhere else, and whoever asks needs none of its secrets but the adminToken.
struct AdminCall {
    let address: SocketAddress
    let token: Secret?

    init(_ configuration: Gateway.Configuration) {
        address = configuration.adminListen
        token = configuration.adminToken.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// That of a demonstration, which has no configuration.
    init() {
        address = ServePlan.demonstration().configuration.adminListen
        token = nil
    }

    /// Why there is no answer, in words for the operator.
    struct Failure: Error, Equatable {
        let text: String
        let code: ExitCode
    }

    /// The body of the answer.
    func send(_ method: Method, _ path: String, json body: [UInt8]? = nil) throws(Failure) -> [UInt8] {
        guard let base = try? WebURL("http://\(reachable)") else {
            let command = "curl --unix-socket \(address.description.dropFirst(5)) http://localhost\(path)"
            throw Failure(text: "adminListen is a Unix socket; ask it with: \(command)", code: .unavailable)
        }
        var fields: [(FieldName, String)] = []
        if let token { fields.append((.authorization, "Bearer \(token.reveal())")) }
        if body != nil { fields.append((.contentType, "application/json")) }
        let request = ClientRequest(method, to: base, path: path, fields: fields, body: body ?? [])
        let outcome = LoopGroup.runBlocking(count: 1) { group -> Result<ClientResponse, Failure> in
            do {
                return .success(try await Client(group: group).send(request))
            } catch {
                let text = "no Magpie answers at \(address) (adminListen): is it running?"
                return .failure(Failure(text: text, code: .unavailable))
            }
        }
        let response = try outcome.get()
        switch response.status.code {
        case 200..<300: return response.body
        case 401, 429:
            throw Failure(text: "the Magpie at \(address) wants another adminToken than this one", code: .configuration)
        default:
            let told = String(decoding: response.body.prefix(1_000), as: UTF8.self)
            let text = "the Magpie at \(address) answered \(response.status.code): \(told)"
            throw Failure(text: text, code: .unavailable)
        }
    }

    /// What listens everywhere is asked on this machine.
    private var reachable: String {
        guard address.ipBytes?.allSatisfy({ $0 == 0 }) == true, let port = address.port else { return "\(address)" }
        return address.ipBytes?.count == 4 ? "127.0.0.1:\(port)" : "[::1]:\(port)"
    }
}
