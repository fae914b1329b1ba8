import Glibc

/// A client that sends and receives bytes and knows nothing of HTTP's rules, so that a test says what is on the wire.
///
/// Blocking, with a time limit on every call, and written on plain sockets: it shares nothing with what it tests.
package final class RawClient {
    package struct Failure: Error, CustomStringConvertible {
        package let call: String
        package let code: Int32

        package var description: String { "\(call): \(String(cString: strerror(code)))" }
        package var isReset: Bool { code == ECONNRESET }
        package var isTimeout: Bool { code == EAGAIN }
    }

    private let port: UInt16
    private let descriptor: Int32
    /// Received and not yet given out.
    private var buffer: [UInt8] = []

    /// Connects to a port of 127.0.0.1. A small `receiveBuffer` makes a slow reader.
    package init(port: UInt16, receiveBuffer: Int32? = nil, seconds: Int = 60) throws {
        self.port = port
        descriptor = openSocket()
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        let code = withLoopbackAddress(port) { connect(descriptor, $0, $1) }
        guard code == 0 else { throw Failure(call: "connect", code: errno) }
    }

    deinit { close(descriptor) }

    package func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(call: "send", code: errno) }
            sent += count
        }
    }

    /// From now on each `send` leaves as it is made.
    package func sendAtOnce() {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Says that nothing more will be sent.
    package func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends with a RST.
    package func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        // The descriptor stays ours until deinit: a socket without a peer takes its place.
        let empty = openSocket()
        dup2(empty, descriptor)
        close(empty)
    }

    /// Whether nothing arrives for a while.
    package func isSilent(milliseconds: Int32 = 50) -> Bool {
        var wish = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return buffer.isEmpty && poll(&wish, 1, milliseconds) == 0
    }

    /// Everything until the server closes. A RST is a failure.
    package func receiveToEnd() throws -> String {
        while try receiveMore() {}
        defer { buffer = [] }
        return String(decoding: buffer, as: UTF8.self)
    }

    /// What has arrived, waiting for at least one byte; empty at the end.
    package func receiveSome() throws -> [UInt8] {
        if buffer.isEmpty { _ = try receiveMore() }
        defer { buffer = [] }
        return buffer
    }

    /// Receives until a text has come; false if the server closes before.
    package func receive(until text: String) throws -> Bool {
        while !String(decoding: buffer, as: UTF8.self).contains(text) {
            guard try receiveMore() else { return false }
        }
        return true
    }

    /// The next response, body included. Its secrets are noted, see `Sightings`.
    package func receiveResponse(toHead: Bool = false) throws -> RawResponse {
        let response = try readResponse(toHead: toHead)
        Sightings.note(response, from: port)
        return response
    }

    /// The status codes of the next responses to pipelined requests, none of them to HEAD and none chunked. Quicker than
    /// `receiveResponse`, for floods.
    package func receiveStatuses(_ count: Int) throws -> [Int] {
        var statuses: [Int] = []
        var at = 0
        while statuses.count < count {
            if let (status, length) = Self.framed(buffer, from: at) {
                statuses.append(status)
                at += length
            } else {
                guard try receiveMore() else { throw Failure(call: "recv", code: ENODATA) }
            }
        }
        buffer.removeFirst(at)
        return statuses
    }

    /// The status and the length of the response that begins there, once it is complete.
    private static func framed(_ buffer: [UInt8], from start: Int) -> (status: Int, length: Int)? {
        buffer.withUnsafeBytes { all in
            // The place of a text, counted from `start`.
            func place(of text: StaticString, before end: Int) -> Int? {
                guard let base = all.baseAddress.map({ $0 + start }) else { return nil }
                let length = text.utf8CodeUnitCount
                var at = 0
                while at + length <= end,
                    let hit = memchr(base + at, Int32(text.utf8Start.pointee), end - at - length + 1)
                {
                    if memcmp(hit, text.utf8Start, length) == 0 { return UnsafeRawPointer(hit) - base }
                    at = UnsafeRawPointer(hit) - base + 1
                }
                return nil
            }
            func number(at offset: Int) -> Int {
                all[(start + offset)...].prefix { (48...57).contains($0) }.reduce(0) { $0 * 10 + Int($1) - 48 }
            }
            guard let head = place(of: "\r\n\r\n", before: all.count - start) else { return nil }
            let body = place(of: "Content-Length: ", before: head).map { number(at: $0 + 16) } ?? 0
            guard start + head + 4 + body <= all.count else { return nil }
            return (number(at: 9), head + 4 + body)
        }
    }

    private func readResponse(toHead: Bool) throws -> RawResponse {
        while true {
            if let (response, used) = RawResponse.read(buffer, toHead: toHead, isAll: false) {
                buffer.removeFirst(used)
                return response
            }
            guard try receiveMore() else { break }
        }
        guard let (response, used) = RawResponse.read(buffer, toHead: toHead, isAll: true) else {
            throw Failure(call: "recv \(String(decoding: buffer, as: UTF8.self))", code: ENODATA)
        }
        buffer.removeFirst(used)
        return response
    }

    /// False at the end.
    private func receiveMore() throws -> Bool {
        var space = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &space, space.count, 0)
        guard count >= 0 else { throw Failure(call: "recv", code: errno) }
        buffer += space.prefix(count)
        return count > 0
    }
}
