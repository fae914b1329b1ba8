import FoundationEssentials
package import Secure

/// The text format of Prometheus, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
struct MetricsText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var bytes: [UInt8] = []

    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    typealias Labels = [(name: String, value: String)]

    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        let escaped = help.flatMap { $0 == "\\" ? "\\\\" : $0 == "\n" ? "\\n" : "\($0)" }
        put("# HELP \(name) \(String(escaped))\n# TYPE \(name) \(kind.rawValue)\n")
    }

    mutating func sample(_ name: String, _ labels: Labels = [], _ value: String) {
        put(name)
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
            put("{\(pairs.joined(separator: ","))}")
        }
        put(" \(value)\n")
    }

    /// A whole family of counters or gauges.
    ///
    /// - Parameter skipsZeros: for wide tables, of which most combinations never happen.
    mutating func table(_ name: String, _ kind: Kind, _ help: String, _ table: MetricTable, skipsZeros: Bool = false) {
        family(name, kind, help)
        for (labels, value) in table.samples {
            let isUnusedRemainder = value == 0 && labels.contains { $0.value == MetricLabel.other }
            if (skipsZeros && value == 0) || isUnusedRemainder { continue }
            sample(name, labels, value.description)
        }
    }

    mutating func histogram(_ name: String, _ help: String, _ histogram: MetricHistogram) {
        family(name, .histogram, help)
        for (value, series) in histogram.all {
            let label = (name: histogram.label.name, value: value)
            let counts = series.buckets.map(\.value)
            let total = counts.reduce(0, +)
            if total == 0 { continue }
            var cumulated = 0
            for (bound, count) in zip(MetricHistogram.bounds, counts) {
                cumulated += count
                sample("\(name)_bucket", [label, ("le", bound.text)], cumulated.description)
            }
            sample("\(name)_bucket", [label, ("le", "+Inf")], total.description)
            sample("\(name)_sum", [label], Self.seconds(nanoseconds: series.nanoseconds.value))
            sample("\(name)_count", [label], total.description)
        }
    }

    static func seconds(nanoseconds: Int) -> String {
        (Double(nanoseconds) / 1e9).description
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }

    private mutating func put(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }
}

extension Metrics {
    /// `Content-Type` of the exposition.
    package static let contentType = MetricsText.contentType

    /// Everything, as `GET /metrics` answers it.
    ///
    /// - Parameters:
    ///   - accounts: and whether their pages can be signed.
    ///   - tls: whose certificate is told of.
    package func exposition(_ accounts: [(name: String, isReady: Bool)] = [], tls: TLSContext? = nil) -> [UInt8] {
        var text = MetricsText()
        appendTraffic(to: &text)
        text.family("magpie_account_ready", .gauge, "Whether the account has a ticket to sign pages with.")
        for account in accounts {
            text.sample("magpie_account_ready", [("account", account.name)], account.isReady ? "1" : "0")
        }
        text.family(
            "magpie_tls_certificate_expires_in_seconds", .gauge,
            "Remaining life of the certificate of the own listener, where there is one; negative when it is over.")
        if let left = tls?.certificateSecondsLeft {
            text.sample("magpie_tls_certificate_expires_in_seconds", [], left.description)
        }
        appendWeChat(to: &text)
        appendVisitors(to: &text)
        appendProcess(to: &text)
        return text.bytes
    }

    private func appendTraffic(to text: inout MetricsText) {
        text.table(
            "magpie_http_requests_total", .counter, "Requests answered, by route, method and class of status.",
            requests, skipsZeros: true)
        text.histogram(
            "magpie_http_request_duration_seconds", "Time from the request's last byte to its answer, by route.",
            requestDurations)
        text.family("magpie_http_requests_in_flight", .gauge, "Requests that wait for their answer now.")
        text.sample("magpie_http_requests_in_flight", [], inFlight.value.description)
        text.table("magpie_connections_open", .gauge, "Connections open now, by listener.", connectionsOpen)
        text.table("magpie_connections_total", .counter, "Connections accepted, by listener.", connections)
        text.table(
            "magpie_connection_faults_total", .counter, "Connections that ended badly, by listener and fault.",
            connectionFaults, skipsZeros: true)
    }

    private func appendWeChat(to text: inout MetricsText) {
        text.table(
            "magpie_upstream_calls_total", .counter, "Calls of WeChat, by path and outcome (ok, errcode or failure).",
            upstreamCalls, skipsZeros: true)
        text.histogram("magpie_upstream_call_duration_seconds", "Time of calls of WeChat, by path.", upstreamDurations)
        let now = Int(now().timeIntervalSince1970)
        text.family("magpie_credential_age_seconds", .gauge, "Age of the token and ticket in use, by account.")
        for (labels, issued) in credentialsIssued.samples where issued > 0 {
            text.sample("magpie_credential_age_seconds", labels, (now - issued).description)
        }
        text.family(
            "magpie_credential_expires_in_seconds", .gauge,
            "Remaining life of the token and ticket in use, by account; negative when it is over.")
        for (labels, expires) in credentialsExpire.samples where expires > 0 {
            text.sample("magpie_credential_expires_in_seconds", labels, (expires - now).description)
        }
    }

    private func appendVisitors(to text: inout MetricsText) {
        text.table("magpie_signatures_total", .counter, "JS-SDK signatures asked for, by outcome.", signatures)
        text.table("magpie_logins_total", .counter, "Steps of WeChat logins, by outcome.", logins)
        text.table(
            "magpie_login_tickets_total", .counter, "Tickets of visitors for other sites, by outcome.", tickets)
        text.table(
            "magpie_rate_limited_total", .counter,
            "Requests refused because their address had asked too often, by limit.",
            limited)
        text.table("magpie_sessions_opened_total", .counter, "Sessions opened, by account.", sessionsOpened)
        text.table("magpie_sessions_closed_total", .counter, "Sessions closed, by reason.", sessionsClosed)
        text.family(
            "magpie_session_cache_lookups_total", .counter,
            "Cookies that /auth looked for in memory: hit, or miss and asked of the store.")
        text.sample("magpie_session_cache_lookups_total", [("outcome", "hit")], sessionCacheHits.value.description)
        text.sample("magpie_session_cache_lookups_total", [("outcome", "miss")], sessionCacheMisses.value.description)
        text.histogram("magpie_store_duration_seconds", "Time of store operations.", storeDurations)
        text.table("magpie_store_errors_total", .counter, "Store operations that failed.", storeFailures)
    }

    private func appendProcess(to text: inout MetricsText) {
        text.family("magpie_log_lines_lost_total", .counter, "Log lines lost because their reader stalled.")
        text.sample("magpie_log_lines_lost_total", [], (log?.lostLines ?? 0).description)
        text.histogram(
            "magpie_loop_lag_seconds", "How much later than asked for a loop turned to a task, looked at each second.",
            loopLag)
        if let reloads = reloads?.state { text.append(reloads) }
        text.family("magpie_build_info", .gauge, "Always 1; the version is in the label.")
        text.sample("magpie_build_info", [("version", version)], "1")
        let facts = ProcessFacts.current()
        for fact in facts.samples {
            text.family(fact.name, fact.kind, fact.help)
            text.sample(fact.name, [], fact.value)
        }
    }
}

extension MetricsText {
    /// Named after Prometheus' own, for which alerts exist.
    fileprivate mutating func append(_ reloads: Reloads.State) {
        family("magpie_config_reloads_total", .counter, "Readings of the configuration after SIGHUP, by outcome.")
        for outcome in Reloads.Outcome.allCases {
            sample(
                "magpie_config_reloads_total", [("outcome", outcome.rawValue)],
                (reloads.counts[outcome] ?? 0).description)
        }
        family("magpie_config_last_reload_successful", .gauge, "0 when the last reading was refused.")
        let isRefused = reloads.last?.outcome == Reloads.Outcome.refused.rawValue
        sample("magpie_config_last_reload_successful", [], isRefused ? "0" : "1")
        family(
            "magpie_config_last_reload_success_timestamp_seconds", .gauge,
            "When the configuration in force was read, in seconds since 1970.")
        sample(
            "magpie_config_last_reload_success_timestamp_seconds", [],
            Int(reloads.loadedAt.timeIntervalSince1970).description)
    }
}
