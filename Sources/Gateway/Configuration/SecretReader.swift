import Glibc
import Secure

/// Where secrets and referenced files come from; tests put their own world here.
package struct ConfigurationSources: Sendable {
    package var environment: @Sendable (_ name: String) -> String?
    /// False lets a secret be missing, for commands that need none of them.
    package var requiresSecrets = true

    package init(environment: @escaping @Sendable (String) -> String?) {
        self.environment = environment
    }

    /// The process's own.
    package static let process = ConfigurationSources { name in
        getenv(name).map { String(cString: $0) }
    }
}

extension SectionReader {
    private static let secretForms = #"a text, { env: "NAME" } or { file: "PATH" }"#

    /// A secret written down, or found in the environment or in a file of its own. What it is never reaches a
    /// complaint.
    ///
    /// - Parameter judge: says what is wrong with the secret's shape, without quoting it.
    func secret(
        _ key: String, from sources: ConfigurationSources, _ judge: (String) throws(Objection) -> Void
    ) -> Secret? {
        var text: String?
        switch node(key) {
        case nil: return nil
        case .string(let written):
            if written.isEmpty { complain(key, "is empty", expected: Self.secretForms) }
            findings.holdsSecrets = true
            text = written.isEmpty ? nil : written
        case .object:
            section(key) { section, _ in
                text = section.referencedSecret(from: sources)
            }
            if text == nil, !sources.requiresSecrets { return Secret("") }
        case .some(let node):
            complain(key, "holds \(node.kind)", expected: Self.secretForms)
        }
        guard let text else { return nil }
        do throws(Objection) {
            try judge(text)
            return Secret(text)
        } catch {
            findings.add(path(of: key), error)
            return nil
        }
    }

    /// The text named by `{ env: … }` or `{ file: … }`; this reader stands inside the braces.
    private func referencedSecret(from sources: ConfigurationSources) -> String? {
        let variable = text("env", expected: "the name of an environment variable")
        let file = text("file", expected: "the path of a file")
        switch (variable, file) {
        case (let name?, nil):
            if let value = sources.environment(name), !value.isEmpty { return value }
            if sources.requiresSecrets {
                complain("env", "the environment variable \(quoted(name)) is not set, or empty")
            }
        case (nil, let path?): return secretFile(path, isRequired: sources.requiresSecrets)
        case (_?, _?):
            findings.add(path, Objection("names both env and file", expected: "one of them"))
        case (nil, nil):
            // A wrong value of either was complained of already.
            if node("env") == nil, node("file") == nil {
                findings.add(path, Objection("names no source", expected: Self.secretForms))
            }
        }
        return nil
    }

    private func secretFile(_ path: String, isRequired: Bool) -> String? {
        do throws(SmallFile.Failure) {
            let file = try SmallFile.read(path, limit: 65_536)
            guard checkPrivacy(of: file, path, key: "file") else { return nil }
            // Editors and `echo` end a file with a newline that is no part of the secret.
            let text = String(decoding: file.bytes, as: UTF8.self)
            let trimmed = text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
            if trimmed.isEmpty { complain("file", "the file \(quoted(path)) is empty") }
            return trimmed.isEmpty ? nil : String(trimmed)
        } catch {
            if isRequired { complain("file", "the file \(quoted(path)) cannot be read: \(error.reason)") }
            return nil
        }
    }

    /// As ssh does: a secret that others may read is no secret.
    func checkPrivacy(of file: SmallFile, _ path: String, key: String) -> Bool {
        if file.isShared {
            let mode = String(file.mode, radix: 8)
            complain(
                key, "others may read the file \(quoted(path)) (mode \(mode))",
                expected: "mode 600 or 400: chmod 600 \(path) (in Kubernetes: defaultMode: 0400)")
            return false
        }
        if file.owner != geteuid(), file.owner != 0 {
            complain(
                key, "the file \(quoted(path)) belongs to another user",
                expected: "a file of the user Magpie runs as, or of root")
            return false
        }
        return true
    }
}
