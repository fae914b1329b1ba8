import Foundation
import HTTP
import Testing
import Wire

@testable import Gateway

/// `docs/openapi.yaml` names every route there is, and no other. Whether each answers as it says, `.ci/openapi` tries.
struct OpenAPITests {
    private struct Operation: Hashable {
        let method: String
        let path: String
        let isAdmin: Bool
    }

    /// The paths and methods of the file, by their indentation.
    private static func documented() throws -> Set<Operation> {
        let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../docs/openapi.yaml")
            .standardizedFileURL
        var operations: Set<Operation> = []
        var path: String?
        var isAdmin = false
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("components:") { break }
            if line.hasPrefix("  /"), line.hasSuffix(":") {
                path = String(line.dropFirst(2).dropLast())
                isAdmin = false
            } else if line.hasPrefix("    servers:") {
                isAdmin = true
            } else if let path, line.hasPrefix("    "), line.hasSuffix(":") {
                let word = line.dropFirst(4).dropLast()
                guard ["get", "post", "put", "delete", "patch"].contains(word) else { continue }
                operations.insert(Operation(method: word.uppercased(), path: path, isAdmin: isAdmin))
            }
        }
        return operations
    }

    /// What each path says in `Allow` when it is asked by a method that none takes. HEAD and OPTIONS follow from the rest.
    private func served(_ paths: [String], isAdmin: Bool) async throws -> Set<Operation> {
        let bench = Bench()
        let admin = bench.admin()
        var operations: Set<Operation> = []
        for path in paths {
            let target = path.replacingOccurrences(of: "{account}", with: "main")
            let request = try Request(method: .delete, target: target, fields: [(.host, "h5.example.com")])
            let response = isAdmin ? await admin.respond(to: request) : await bench.respond(request)
            let allowed = try #require(response.fields[.allow], "\(path) is no route")
            for method in allowed.split(separator: ", ") where !["HEAD", "OPTIONS"].contains(method) {
                operations.insert(Operation(method: String(method), path: path, isAdmin: isAdmin))
            }
        }
        return operations
    }

    @Test func `every route is in the HTTP API's description, and nothing else is`() async throws {
        let files = Operation(method: "GET", path: "/{file}", isAdmin: false)
        let served = try await served(Routes.publicPaths, isAdmin: false)
            .union(served(Routes.adminPaths, isAdmin: true)).union([files])
        let documented = try Self.documented()
        #expect(served.subtracting(documented) == [], "missing in docs/openapi.yaml")
        #expect(documented.subtracting(served) == [], "no such route")
    }

    @Test func `the paths that are counted are those that are served`() {
        let bench = Bench()
        #expect(Set(bench.routes.map(\.path)) == Set(Routes.publicPaths))
        #expect(Set(bench.adminRoutes().map(\.path)) == Set(Routes.adminPaths))
    }
}
