import FoundationEssentials
import Gateway
import WeChat
import Wire

/// `magpie status`: how the Magpie that runs is, in words.
enum StatusCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        do throws(AdminCall.Failure) {
            let body = try AdminCall(arguments).send(.get, "/status")
            guard let report = try? AdminAnswer.decoder.decode(StatusReport.self, from: Data(body)) else {
                throw .init(text: AdminAnswer.isStrange, code: .failure)
            }
            Terminal.print(
                arguments.has("json") ? String(decoding: body, as: UTF8.self) : text(of: report, now: Date()))
            return report.ready ? .success : .unavailable
        } catch {
            return error.tell()
        }
    }

    static func text(of report: StatusReport, now: Date) -> String {
        let up = duration(report.uptimeSeconds)
        var findings = report.troubles.map { trouble in
            Finding(
                mark: .bad, title: "\(trouble.subject): \(trouble.what)",
                advice: trouble.hint.map { [$0.english, $0.chinese] } ?? [])
        }
        for account in report.accounts {
            let title =
                "\(account.account) (\(account.appID)): \(words("token", account.token, now)); "
                + words("ticket", account.ticket, now)
            findings.append(account.isReady ? .good(title) : .note(title))
        }
        if report.store.ready { findings.append(.good("the store can be written")) }
        let verdict =
            if report.shuttingDown {
                "shutting down 正在退出"
            } else if report.ready {
                report.troubles.isEmpty ? "all is well 一切正常" : "serving, with something to see to 正常服务，有事项待处理"
            } else {
                "not ready 未就绪"
            }
        return (["Magpie \(report.version), process \(report.pid), up \(up): \(verdict)"] + findings.map(\.text))
            .joined(separator: "\n")
    }

    private static func words(_ name: String, _ part: KeeperStatus.Part, _ now: Date) -> String {
        guard part.isUsable, let age = part.age else { return "no \(name)" }
        let wait = Int(part.nextRefresh.timeIntervalSince(now))
        return "\(name) \(duration(age)) old, " + (wait > 0 ? "renewed in \(duration(wait))" : "renewal is due")
    }

    /// Roughly, in English.
    static func duration(_ seconds: Int) -> String {
        switch max(0, seconds) {
        case ..<90: "\(max(0, seconds)) s"
        case ..<5_400: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) days"
        }
    }
}

/// What the admin listener's answers have in common.
enum AdminAnswer {
    static let isStrange = "the answer is not what this version expects: is the running Magpie of another one?"

    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}

extension AdminCall.Failure {
    /// Says why on standard error, and gives the exit code.
    func tell() -> ExitCode {
        if !text.isEmpty { Terminal.complain("magpie: \(text)") }
        return code
    }
}
