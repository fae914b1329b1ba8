import Foundation
import TestSupport

/// What a process occupies: the three things that a server which forgets to give back has ever more of.
struct Footprint {
    let residentBytes: Int
    let descriptors: Int
    let threads: Int

    /// Looks when nothing moves any more: connections that were just closed are still open on the other side.
    init(of process: MagpieProcess, _ home: MagpieHome) throws {
        var last = -1
        var count = 0
        _ = try eventually {
            (last, count) = (count, try Self.descriptors(home))
            return last == count
        }
        let vitals = Vitals(of: process.child.id)
        residentBytes = vitals.memory * 1_024
        threads = vitals.threads
        descriptors = count
    }

    /// Its own count: /proc/…/fd of a process that keeps its memory private is for root alone.
    private static func descriptors(_ home: MagpieHome) throws -> Int {
        var client = home.operatorClient()
        let line = try client.get("/metrics").body.split(separator: "\n").first { $0.hasPrefix("process_open_fds ") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}

extension Footprint: CustomStringConvertible {
    var description: String {
        "\(residentBytes / 1_024) KiB resident, \(descriptors) descriptors, \(threads) threads"
    }
}
