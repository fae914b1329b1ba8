import FoundationEssentials
import Glibc

/// What the kernel knows of this process, under the names every Prometheus client uses.
struct ProcessFacts {
    private(set) var samples: [(name: String, kind: MetricsText.Kind, help: String, value: String)] = []

    static func current() -> ProcessFacts {
        var facts = ProcessFacts()
        facts.readStat()
        facts.readDescriptors()
        return facts
    }

    private mutating func add(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: String) {
        samples.append((name, kind, help, value))
    }

    /// `/proc/self/stat`, see proc_pid_stat(5). The name in parentheses may hold anything, so fields are counted from
    /// the last parenthesis: what the manual calls field 3 is the first of the rest.
    private mutating func readStat() {
        guard let stat = try? SmallFile.read("/proc/self/stat"), let end = stat.bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return }
        let fields = String(decoding: stat.bytes[(end + 1)...], as: UTF8.self).split(separator: " ").map(String.init)
        func field(_ number: Int) -> Int? {
            let index = number - 3
            return fields.indices.contains(index) ? Int(fields[index]) : nil
        }
        let tick = Double(max(sysconf(Int32(_SC_CLK_TCK)), 1))
        if let user = field(14), let system = field(15) {
            add(
                "process_cpu_seconds_total", .counter, "Processor time used.",
                (Double(user + system) / tick).description)
        }
        if let pages = field(24) {
            let bytes = pages * Int(sysconf(Int32(_SC_PAGESIZE)))
            add("process_resident_memory_bytes", .gauge, "Resident memory.", bytes.description)
        }
        if let sinceBoot = field(22), let boot = Self.bootTime() {
            add(
                "process_start_time_seconds", .gauge, "Start of the process, in seconds since 1970.",
                (Double(boot) + Double(sinceBoot) / tick).description)
        }
    }

    private static func bootTime() -> Int? {
        guard let stat = try? SmallFile.read("/proc/stat", limit: 1 << 20) else { return nil }
        let line = String(decoding: stat.bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Int($0.dropFirst("btime ".count)) }
    }

    private mutating func readDescriptors() {
        if let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            // The directory being read is open itself.
            add("process_open_fds", .gauge, "Open file descriptors.", max(0, names.count - 1).description)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            add("process_max_fds", .gauge, "Most file descriptors the process may open.", limit.rlim_cur.description)
        }
    }
}
