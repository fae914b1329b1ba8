import FoundationEssentials
import Gateway
import Glibc
import Secure
import Wire

/// `magpie diagnose`: why WeChat calls a signature invalid, in words.
///
/// The Magpie that runs knows the tickets, so it is asked; with `--ticket` nobody is, which serves whoever signs with
/// something else.
enum DiagnoseCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        let evidence: SignatureEvidence
        do throws(Invocation.Mistake) {
            evidence = try Self.evidence(arguments, standardInput: standardInput)
        } catch {
            return Commands.refuse(error)
        }
        do throws(AdminCall.Failure) {
            let report = try report(on: evidence, arguments)
            Terminal.print(arguments.has("json") ? json(report) : text(of: report))
            return .success
        } catch {
            return error.tell()
        }
    }

    private static func report(
        on evidence: SignatureEvidence, _ arguments: Arguments
    ) throws(AdminCall.Failure) -> SignatureReport {
        if let ticket = arguments["ticket"] {
            let account = SuspectAccount(
                name: "--ticket", appID: evidence.appId, keys: [SigningKey(Secret(ticket), .current)])
            return SignatureDiagnosis(accounts: [account], now: Date()).examine(evidence)
        }
        let body = try AdminCall(arguments).send(.post, "/diagnose/signature", json: Array(json(evidence).utf8))
        guard let report = try? JSONDecoder().decode(SignatureReport.self, from: Data(body)) else {
            throw .init(text: "the answer is no diagnosis: is the running Magpie of another version?", code: .failure)
        }
        return report
    }

    // MARK: - What the page had

    private static let fields = [
        "app-id": "appId", "timestamp": "timestamp", "noncestr": "nonceStr", "signature": "signature", "url": "url",
        "real-url": "realAuthUrl", "entry-url": "entryUrl", "user-agent": "userAgent",
    ]

    /// From the options; from JSON on standard input when there are none. The options' names and values become the same
    /// JSON, so that there is one reading of both.
    static func evidence(
        _ arguments: Arguments, standardInput: () -> [UInt8]
    ) throws(Invocation.Mistake) -> SignatureEvidence {
        func mistake(_ text: String) -> Invocation.Mistake { .init(text: text, command: "diagnose") }
        let given = fields.compactMap { option, field in arguments[option].map { (field, $0) } }
        let isTyped = !given.isEmpty
        let document =
            isTyped
            ? Array(json(Dictionary(uniqueKeysWithValues: given)).utf8) : Array(standardInput().prefix(65_536))
        do {
            // A console shows objects without quotes around their keys.
            let evidence = try JSON5.decode(SignatureEvidence.self, from: document)
            guard evidence.isReasonable else {
                throw mistake("a text is longer than \(SignatureEvidence.longest) bytes, or there are over 8 real URLs")
            }
            return evidence
        } catch let DecodingError.keyNotFound(key, _) {
            let option = fields.first { $0.value == key.stringValue }?.key ?? key.stringValue
            throw mistake(isTyped ? "missing: --\(option)" : "the JSON on standard input has no \(key.stringValue)")
        } catch let error as Invocation.Mistake {
            throw error
        } catch {
            throw mistake("standard input is no JSON object with appId, timestamp, nonceStr, signature and url")
        }
    }

    private static func standardInput() -> [UInt8] {
        if isatty(STDIN_FILENO) == 1 {
            Terminal.complain(
                "Paste what the page's console shows in debug mode, then press Ctrl-D. "
                    + "粘贴控制台中的 JSON，然后按 Ctrl-D。")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= 65_536 {
            let count = chunk.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return bytes
    }

    // MARK: - What is said

    static func text(of report: SignatureReport) -> String {
        var lines: [String] = []
        switch report.verdict {
        case .valid: lines.append("✓ The signature is right for \(report.url) 签名正确")
        case .explained: lines.append("✗ The signature is wrong, and this is why: 签名无效，原因如下：")
        case .unexplained: lines.append("? None of the usual mistakes gives this signature. 常见错误都得不出这个签名。")
        }
        for finding in report.mistakes + report.next {
            lines += ["  \(finding.code)", "    \(finding.english)", "    \(finding.chinese)"]
        }
        if let signed = report.signedURL {
            lines += ["  signed  \(visible(signed))", "  wanted  \(visible(report.url))"]
        }
        return lines.joined(separator: "\n")
    }

    /// A URL that ends in a line break shows it.
    private static func visible(_ url: String) -> String {
        if url.isEmpty { return "(nothing)" }
        return url.replacing("\r", with: "\\r").replacing("\n", with: "\\n").replacing(" ", with: "␠")
    }

    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        guard let bytes = try? encoder.encode(value) else { preconditionFailure("texts always encode") }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension AdminCall {
    /// The one that the command line means.
    init(_ arguments: Arguments) throws(Failure) {
        guard let path = ConfigurationFile.path(arguments) else {
            self.init()
            return
        }
        var sources = ConfigurationSources.process
        // The running one has them; this command needs none but the adminToken, if there is one.
        sources.requiresSecrets = false
        guard let loaded = ConfigurationFile.load(path, sources: sources, warns: false) else {
            throw Failure(text: "", code: .configuration)
        }
        self.init(loaded.configuration)
    }
}
