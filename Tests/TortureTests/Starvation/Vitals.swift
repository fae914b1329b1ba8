import Foundation
import Glibc
import TestSupport
import Testing

/// What the kernel says about a process at one moment.
struct Vitals: CustomStringConvertible {
    /// Resident memory in KiB.
    let memory: Int
    let descriptors: Int
    let threads: Int
    /// User and system time together, in seconds.
    let cpu: Double

    init(of process: pid_t) {
        let status = readFile("/proc/\(process)/status").split(separator: "\n")
        func number(_ name: String) -> Int {
            let line = status.first { $0.hasPrefix("\(name):") } ?? ""
            return Int(line.filter(\.isNumber)) ?? 0
        }
        memory = number("VmRSS")
        threads = number("Threads")
        let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
        // The product keeps others of its user from looking into it.
        if files == nil { Issue.record("only root can count the descriptors of process \(process)") }
        descriptors = files?.count ?? 0
        // The name, in brackets, may hold spaces; utime and stime are the 14th and 15th field.
        let fields = readFile("/proc/\(process)/stat").split(separator: ")").last?.split(separator: " ") ?? []
        let ticks = fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
        cpu = ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    var description: String { "\(memory / 1_024) MiB, \(descriptors) descriptors, \(threads) threads" }
}
