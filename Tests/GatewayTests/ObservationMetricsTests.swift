import Foundation
import Gateway
import Testing
import Wire

struct ObservationMetricsTests {
    /// The exposition read back by the rules of the format.
    struct Scrape {
        struct Sample {
            let name: String
            let labels: [String: String]
            let value: Double
        }

        private(set) var kinds: [String: String] = [:]
        private(set) var helps: Set<String> = []
        private(set) var samples: [Sample] = []

        init(_ bytes: [UInt8]) throws {
            let text = String(decoding: bytes, as: UTF8.self)
            try #require(text.hasSuffix("\n"))
            for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                let words = line.split(separator: " ", maxSplits: 3).map(String.init)
                if line.hasPrefix("# HELP ") {
                    #expect(helps.insert(words[2]).inserted, "a family comes once: \(words[2])")
                } else if line.hasPrefix("# TYPE ") {
                    #expect(helps.contains(words[2]))
                    kinds[words[2]] = words[3]
                } else {
                    samples.append(try Self.sample(line))
                }
            }
        }

        private static func sample(_ line: Substring) throws -> Sample {
            let pattern = /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? ([0-9eE.+-]+|\+Inf)/
            let match = try #require(line.wholeMatch(of: pattern), "\(line)")
            var labels: [String: String] = [:]
            if let text = match.output.3 {
                let pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(,|$)/
                var rest = text
                while let found = rest.prefixMatch(of: pair) {
                    let value = found.output.2.replacingOccurrences(of: "\\\"", with: "\"")
                        .replacingOccurrences(of: "\\n", with: "\n").replacingOccurrences(of: "\\\\", with: "\\")
                    labels[String(found.output.1)] = value
                    rest = rest[found.range.upperBound...]
                }
                #expect(rest.isEmpty, "\(line)")
            }
            return Sample(name: String(match.output.1), labels: labels, value: try #require(Double(match.output.4)))
        }

        func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
            samples.first { $0.name == name && $0.labels == labels }?.value
        }
    }

    private static let now = Date(timeIntervalSince1970: 1_000_000)

    private func metrics(accounts: [String] = ["main", "shop"], log: EventLog? = nil) -> Metrics {
        Metrics(
            routes: ["/get-signature", "/redirect/{account}"], accounts: accounts, version: "9.9.9", log: log,
            now: { Self.now })
    }

    @Test func `requests are counted by route, method and class, and their time falls into buckets`() throws {
        let metrics = metrics()
        for microseconds in [50, 300, 300, 60_000_000] {
            metrics.route("/get-signature").note(.get, .ok, nanoseconds: microseconds * 1_000)
        }
        metrics.route("/unheard-of").note(.other("BREW"), .notFound, nanoseconds: 1_000_000)
        metrics.route("/redirect/{account}").note(.options, .noContent, nanoseconds: 0)
        for begins in [true, true, false] { metrics.requestWaits(begins) }
        let scrape = try Scrape(metrics.exposition())
        let requests = "magpie_http_requests_total"
        #expect(scrape.value(requests, ["route": "/get-signature", "method": "GET", "status": "2xx"]) == 4)
        #expect(scrape.value(requests, ["route": "other", "method": "other", "status": "4xx"]) == 1)
        let options = ["route": "/redirect/{account}", "method": "OPTIONS", "status": "2xx"]
        #expect(scrape.value(requests, options) == 1)
        #expect(scrape.samples.count { $0.name == requests } == 3)
        for (count, method) in [Wire.Method.get, .head, .post, .options].enumerated() {
            let one = Metrics(routes: [], accounts: [])
            for _ in 0...count {
                one.route("/").note(method, .ok, nanoseconds: 0)
            }
            let labels = ["route": "other", "method": method.description, "status": "2xx"]
            #expect(try Scrape(one.exposition()).value(requests, labels) == Double(count + 1))
        }
        #expect(scrape.value("magpie_http_requests_in_flight") == 1)
        let duration = "magpie_http_request_duration_seconds"
        func bucket(_ bound: String) -> Double? {
            scrape.value("\(duration)_bucket", ["route": "/get-signature", "le": bound])
        }
        #expect(bucket("0.0001") == 1 && bucket("0.00025") == 1 && bucket("0.0005") == 3 && bucket("10") == 3)
        #expect(bucket("+Inf") == 4)
        #expect(scrape.value("\(duration)_count", ["route": "/get-signature"]) == 4)
        let sum = try #require(scrape.value("\(duration)_sum", ["route": "/get-signature"]))
        #expect(abs(sum - 60.00065) < 1e-9)
    }

    @Test func `every histogram is cumulative, ends in +Inf and agrees with its count`() throws {
        let metrics = metrics()
        for operation in Metrics.StoreOperation.allCases { metrics.observe(operation, took: .microseconds(700)) }
        metrics.observe(upstream: "/cgi-bin/stable_token", took: .milliseconds(120))
        metrics.observe(upstream: "/never/heard", took: .seconds(11))
        let scrape = try Scrape(metrics.exposition())
        for (family, _) in scrape.kinds.filter({ $0.value == "histogram" }) {
            var series: [[String: String]: [Scrape.Sample]] = [:]
            for sample in scrape.samples where sample.name == "\(family)_bucket" {
                series[sample.labels.filter { $0.key != "le" }, default: []].append(sample)
            }
            for (labels, buckets) in series {
                #expect(buckets.map(\.value) == buckets.map(\.value).sorted())
                #expect(buckets.last?.labels["le"] == "+Inf")
                #expect(buckets.last?.value == scrape.value("\(family)_count", labels))
            }
        }
        #expect(scrape.value("magpie_upstream_call_duration_seconds_count", ["path": "other"]) == 1)
    }

    @Test func `every event has its counter`() throws {
        let metrics = metrics()
        metrics.count(.login(account: "main", .succeeded))
        metrics.count(.login(account: "main", .badBinding))
        metrics.count(.login(account: "not one of ours", .stateUnknown))
        metrics.count(.signature(account: "shop", .signed))
        metrics.count(.sessionOpened(account: "main"))
        metrics.count(.sessionClosed(.logout))
        metrics.count(.upstream(path: "/cgi-bin/stable_token", .errcode(40_164)))
        metrics.count(.upstream(path: "/cgi-bin/stable_token", .errcode(12_345)))
        metrics.count(.upstream(path: "/sns/oauth2/access_token", .ok))
        metrics.count(.connectionOpened(.public))
        metrics.count(.connectionOpened(.public))
        metrics.count(.connectionClosed(.public))
        metrics.count(.connectionFault(.public, .requestTimeout))
        metrics.count(.storeFailed(.commit))
        let scrape = try Scrape(metrics.exposition())
        #expect(scrape.value("magpie_logins_total", ["account": "main", "outcome": "succeeded"]) == 1)
        #expect(scrape.value("magpie_logins_total", ["account": "main", "outcome": "bad_binding"]) == 1)
        #expect(scrape.value("magpie_logins_total", ["account": "main", "outcome": "started"]) == 0)
        #expect(scrape.value("magpie_logins_total", ["account": "other", "outcome": "unknown"]) == 1)
        #expect(scrape.value("magpie_signatures_total", ["account": "shop", "outcome": "signed"]) == 1)
        #expect(scrape.value("magpie_sessions_opened_total", ["account": "main"]) == 1)
        #expect(scrape.value("magpie_sessions_closed_total", ["reason": "logout"]) == 1)
        let calls = "magpie_upstream_calls_total"
        #expect(scrape.value(calls, ["path": "/cgi-bin/stable_token", "outcome": "40164"]) == 1)
        #expect(scrape.value(calls, ["path": "/cgi-bin/stable_token", "outcome": "other"]) == 1)
        #expect(scrape.value(calls, ["path": "/sns/oauth2/access_token", "outcome": "ok"]) == 1)
        #expect(scrape.value("magpie_connections_open", ["listener": "public"]) == 1)
        #expect(scrape.value("magpie_connections_total", ["listener": "public"]) == 2)
        #expect(
            scrape.value("magpie_connection_faults_total", ["listener": "public", "fault": "request_timeout"]) == 1)
        #expect(scrape.value("magpie_store_errors_total", ["operation": "commit"]) == 1)
    }

    @Test func `age and remaining life of credentials are worked out when asked for`() throws {
        let metrics = metrics()
        metrics.hold(.token, of: "main", issued: Self.now - 100, expires: Self.now + 7_100)
        metrics.hold(.ticket, of: "main", issued: Self.now - 8_000, expires: Self.now - 800)
        let scrape = try Scrape(metrics.exposition())
        let token = ["account": "main", "credential": "token"]
        #expect(scrape.value("magpie_credential_age_seconds", token) == 100)
        #expect(scrape.value("magpie_credential_expires_in_seconds", token) == 7_100)
        #expect(
            scrape.value("magpie_credential_expires_in_seconds", ["account": "main", "credential": "ticket"]) == -800)
        #expect(scrape.value("magpie_credential_age_seconds", ["account": "shop", "credential": "token"]) == nil)
    }

    @Test func `the process, the build and the log are told of`() throws {
        let log = EventLog(format: .json, capacity: 0) { _ in true }
        log.info("lost")
        let scrape = try Scrape(metrics(log: log).exposition())
        #expect(scrape.value("magpie_build_info", ["version": "9.9.9"]) == 1)
        #expect(scrape.value("magpie_log_lines_lost_total") == 1)
        #expect(try #require(scrape.value("process_resident_memory_bytes")) > 1_000_000)
        #expect(try #require(scrape.value("process_cpu_seconds_total")) > 0)
        #expect(try #require(scrape.value("process_open_fds")) > 2)
        #expect(try #require(scrape.value("process_max_fds")) > 2)
        let started = try #require(scrape.value("process_start_time_seconds"))
        #expect(abs(started - Date().timeIntervalSince1970) < 86_400)
    }

    @Test func `every family has a help and a type, and every sample a family`() throws {
        let scrape = try Scrape(metrics().exposition())
        #expect(Set(scrape.kinds.keys) == scrape.helps)
        for sample in scrape.samples {
            let family = ["_bucket", "_sum", "_count"].reduce(sample.name) { name, suffix in
                name.hasSuffix(suffix) && scrape.kinds[String(name.dropLast(suffix.count))] == "histogram"
                    ? String(name.dropLast(suffix.count)) : name
            }
            #expect(scrape.kinds[family] != nil, "\(sample.name)")
        }
    }

    @Test func `label values are escaped`() throws {
        let odd = "a\"b\\c\nd"
        let metrics = metrics(accounts: [odd])
        metrics.count(.sessionOpened(account: odd))
        let text = String(decoding: metrics.exposition(), as: UTF8.self)
        #expect(text.contains(#"magpie_sessions_opened_total{account="a\"b\\c\nd"} 1"#))
        #expect(try Scrape(metrics.exposition()).samples.contains { $0.labels["account"] == odd })
    }

    @Test func `counting from many threads loses nothing`() throws {
        let metrics = metrics()
        let route = metrics.route("/get-signature")
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<10_000 {
                metrics.requestWaits(true)
                route.note(.get, .ok, nanoseconds: 10_000)
                metrics.requestWaits(false)
            }
        }
        let scrape = try Scrape(metrics.exposition())
        let labels = ["route": "/get-signature", "method": "GET", "status": "2xx"]
        #expect(scrape.value("magpie_http_requests_total", labels) == 80_000)
        #expect(scrape.value("magpie_http_requests_in_flight") == 0)
    }
}
