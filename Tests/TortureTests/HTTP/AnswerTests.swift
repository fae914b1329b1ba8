import TestSupport
import Testing

extension TortureTests {
    /// Hostile requests for every public address, by every method, and the plan of what an answer may have.
    @Suite struct AnswerTests {
        @Test func `nothing that a visitor sends becomes a field of an answer`() throws {
            let platform = FakePlatform()
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try visitor.logIn(platform).status == 302)
            let cookies = visitor.cookies.map { "\($0)=\($1)" }.joined(separator: "; ")
            var random = Torture.random("hostile answers")
            let count = Torture.count(short: 1_500, long: 25_000)
            var statuses: [Int: Int] = [:]
            var wrong: [String] = []
            for _ in 0..<count {
                let request = HostileRequest.make(port: home.port, cookies: cookies, using: &random)
                let (response, complaints) = try request.send(port: home.port)
                statuses[response.status, default: 0] += 1
                if !complaints.isEmpty { wrong.append("\(complaints) \(request)\n\(response.text)") }
                guard request.method == "GET", request.path != "/redirect" else { continue }
                let (head, headComplaints) = try request.with("HEAD").send(port: home.port)
                let isSame =
                    head.status == response.status && head.fields.map(\.name) == response.fields.map(\.name)
                    && head["content-length"] == response["content-length"]
                if !isSame || !headComplaints.isEmpty {
                    wrong.append("\(headComplaints) HEAD of \(request)\n\(head.text)")
                }
            }
            #expect(wrong.prefix(10) == [])
            #expect(Set(statuses.keys).isSuperset(of: [200, 204, 302, 400, 401, 404, 405, 501]))
            #expect(try process.stop() == .exited(0))
            #expect(process.child.errors.isEmpty)
            let list = statuses.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
            Torture.figure(
                "hostile requests and the fields of their answers", "\(count) (\(list)), \(wrong.count) wrong")
        }
    }
}
