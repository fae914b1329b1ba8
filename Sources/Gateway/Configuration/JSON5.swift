/// JSON5 that somebody else wrote.
package enum JSON5 {
    /// Decodes it with Foundation's reader, after a walk that refuses the texts at which that ends the process.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try DocumentMap(of: bytes).decode(type)
    }
}
