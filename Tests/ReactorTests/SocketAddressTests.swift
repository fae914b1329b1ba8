import Reactor
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        "127.0.0.1:8080", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:8080", "[2001:db8::5]:1", "unix:/run/a.sock",
    ])
    func `an address is printed as it is written`(text: String) throws {
        #expect(try #require(SocketAddress(parsing: text)).description == text)
    }

    @Test(arguments: [
        "", ":", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
        "127.0.0.1:080800", "127.0.0.256:1", "127.1:80", "::1:80", "[::1]", "[::1]:", "[127.0.0.1]:80", "[::1]:a",
        "localhost:80", "unix:", "unix:/a\0b", "[::1%lo]:80", " 127.0.0.1:80",
    ])
    func `what is no numeric address with a port is refused`(text: String) {
        #expect(SocketAddress(parsing: text) == nil)
    }

    @Test func `a Unix path may be as long as the kernel takes, not longer`() {
        #expect(SocketAddress(parsing: "unix:/" + String(repeating: "a", count: 106)) != nil)
        #expect(SocketAddress(parsing: "unix:/" + String(repeating: "a", count: 107)) == nil)
        // One made by hand is refused at the call, never shortened.
        #expect(throws: IOError.pathTooLong) {
            try Listener.open(.unix(path: "/tmp/" + String(repeating: "a", count: 200)), count: 1)
        }
    }

    @Test func `the bytes are in network order`() throws {
        #expect(SocketAddress(parsing: "192.0.2.1:80")?.ipBytes == [192, 0, 2, 1])
        let six = try #require(SocketAddress(parsing: "[2001:db8::ff]:80"))
        #expect(six.ipBytes == [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF])
        #expect(SocketAddress(parsing: "unix:/a")?.ipBytes == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("[::ffff:127.0.0.1]:1", true),
        ("unix:/a", true), ("128.0.0.1:1", false), ("0.0.0.0:1", false), ("[::]:1", false), ("[::2]:1", false),
        ("[::ffff:10.0.0.1]:1", false),
    ])
    func `loopback is known in every form`(text: String, isLoopback: Bool) throws {
        #expect(try #require(SocketAddress(parsing: text)).isLoopback == isLoopback)
    }

    @Test func `a port can be exchanged, where there is one`() throws {
        #expect(SocketAddress(parsing: "127.0.0.1:1")?.with(port: 2).description == "127.0.0.1:2")
        #expect(SocketAddress(parsing: "[::1]:1")?.with(port: 2).port == 2)
        #expect(SocketAddress(parsing: "unix:/a")?.with(port: 2).description == "unix:/a")
    }
}
