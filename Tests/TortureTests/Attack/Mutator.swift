import TestSupport

/// Texts near a secret one, as an attacker would try them.
struct Mutator {
    var random: Torture.Random
    /// Other texts of the kind, all worthless where the right one is wanted.
    let donors: [String]

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let intruders: [UInt8] = [0, 9, 10, 13, 32, 34, 37, 38, 43, 44, 47, 59, 61, 92, 127, 128, 255]

    mutating func number(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[number(below: choices.count)] }

    /// Any change; now and then there is none, which the caller must notice.
    mutating func mutate(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        let at = number(below: bytes.count)
        switch number(below: 19) {
        case 0: bytes[at] ^= 1 << UInt8(number(below: 8))
        case 1: for _ in 0...number(below: 8) { bytes[number(below: bytes.count)] ^= 1 << UInt8(number(below: 8)) }
        case 2: bytes.removeLast(number(below: bytes.count) + 1)
        case 3: bytes.removeFirst(number(below: bytes.count) + 1)
        case 4: for _ in 0...number(below: 8) { bytes.append(pick(Self.alphabet)) }
        case 5: bytes.insert(pick(Self.alphabet), at: 0)
        case 6: if (0x41...0x7A).contains(bytes[at]) { bytes[at] ^= 0x20 }
        case 7: bytes = Array((number(below: 2) == 0 ? text.uppercased() : text.lowercased()).utf8)
        case 8: bytes += Array(repeating: UInt8(ascii: "="), count: number(below: 3) + 1)
        case 9: bytes = bytes.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "+") : $0 == UInt8(ascii: "_") ? 0x2F : $0 }
        case 10: bytes.replaceSubrange(at...at, with: "%\(String(bytes[at], radix: 16))".utf8)
        case 11: bytes = Array("\"\(text)\"".utf8)
        case 12: bytes.swapAt(at, number(below: bytes.count))
        case 13: bytes = Array(bytes.prefix(at)) + Array(pick(donors).utf8.dropFirst(at))
        case 14: bytes = Array(pick(donors).utf8)
        case 15: bytes = bytes.map { _ in pick(Self.alphabet) }
        case 16: bytes += (pick(["", ",", " ", ".", ":"]) + text).utf8
        case 17: bytes[at] = pick(Self.alphabet)
        default: bytes.insert(pick(Self.intruders), at: at)
        }
        return bytes
    }
}
