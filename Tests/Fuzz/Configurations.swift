import FoundationEssentials
@testable import Gateway

// Seeds: config/magpie.example.json5

/// Configuration files: any bytes are a configuration or complaints, every key has its one place, and neither a complaint
/// nor the configuration's own description tells a secret.
func examine(_ input: [UInt8]) {
    let secret = "5ecre7f00dfacade5ecre7f00dfacade"
    let sources = ConfigurationSources { ["SECRET": secret, "WECHAT_APP_SECRET": secret, "EMPTY": ""][$0] }
    let document = try? ConfigurationDocument(parsing: input, source: "fuzz")
    if let document { checkPlaces(document) }
    let text: String
    do throws(ConfigurationRefusal) {
        let loaded = try ConfigurationLoader(sources: sources).load(input, source: "fuzz", isShared: true)
        require(!loaded.configuration.accounts.isEmpty, "no account, and no complaint")
        require(document != nil, "a configuration of no document")
        text = String(reflecting: loaded.configuration) + loaded.warnings.map(\.description).joined()
        checkBounds(loaded.configuration)
    } catch {
        require(!error.complaints.isEmpty, "refused without a complaint")
        require(error.complaints.allSatisfy { $0.severity == .refusal && !$0.problem.isEmpty }, "an empty complaint")
        text = error.description
        // What is no document at all is described in our own words.
        if document == nil, error.complaints.allSatisfy({ $0.path.isEmpty }) {
            require(text.utf8.count < 200, "a syntax error quotes the text: \(text)")
        }
    }
    let movesCursor = text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }
    require(!movesCursor, "a control character in \(text.debugDescription)")
    var secrets = document.map { writtenSecrets($0.root) } ?? []
    if input.firstRange(of: Array(secret.utf8)) == nil { secrets.append(secret) }
    for secret in secrets {
        require(!text.contains(secret), "\(secret) is told: \(text)")
    }
}

/// The tree has exactly the keys that the map of places has.
private func checkPlaces(_ document: ConfigurationDocument) {
    var paths: Set<String> = []
    func walk(_ node: ConfigurationDocument.Node, _ path: String) {
        switch node {
        case .object(let members):
            for (name, member) in members {
                let below = ConfigurationDocument.path(path, name)
                paths.insert(below)
                walk(member, below)
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                let below = ConfigurationDocument.path(path, index)
                paths.insert(below)
                walk(element, below)
            }
        default: break
        }
    }
    walk(.object(document.root), "")
    require(paths == Set(document.positions.keys), "\(paths.symmetricDifference(document.positions.keys)) differ")
}

/// Secrets written down in the file, if they are long and odd enough to stand nowhere else by chance.
private func writtenSecrets(_ root: [String: ConfigurationDocument.Node]) -> [String] {
    var holders = [root]
    if case .array(let accounts) = root["accounts"] {
        holders += accounts.compactMap { if case .object(let account) = $0 { account } else { nil } }
    }
    let found = holders.flatMap { holder in
        ["appSecret", "token", "encodingAESKey", "adminToken"].compactMap { name in
            if case .string(let text) = holder[name] { text } else { nil }
        }
    }
    var others: [String] = []
    func walk(_ node: ConfigurationDocument.Node, isSecret: Bool) {
        switch node {
        case .object(let members):
            for (name, member) in members {
                others.append(name)
                walk(member, isSecret: ["appSecret", "token", "encodingAESKey", "adminToken"].contains(name))
            }
        case .array(let elements):
            for element in elements { walk(element, isSecret: false) }
        case .string(let text): if !isSecret { others.append(text) }
        default: break
        }
    }
    walk(.object(root), isSecret: false)
    return found.filter { secret in
        secret.utf8.count >= 8 && secret.utf8.count { (0x30...0x39).contains($0) } >= 4
            && !others.contains { $0.contains(secret) }
    }
}

private func checkBounds(_ configuration: Configuration) {
    require(configuration.session.lifetime <= .seconds(400 * 86_400), "a session of \(configuration.session.lifetime)")
    require(configuration.upstream.timeout <= .seconds(60), "a time-out of \(configuration.upstream.timeout)")
    require(Set(configuration.accounts.map(\.name)).count == configuration.accounts.count, "two accounts of one name")
    require(configuration.limits.bodyBytes >= 0 && configuration.limits.headerFields > 0, "\(configuration.limits)")
}
