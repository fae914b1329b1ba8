import FoundationEssentials

/// JSON5 that somebody else wrote.
package enum JSON5 {
    /// Decodes it with Foundation's reader, after a walk that refuses the texts at which that ends the process.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        if let fault = DocumentMap(of: bytes).fault {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: fault.problem))
        }
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        // The line end at its end is for a bare number, as in `DocumentMap`.
        return try decoder.decode(type, from: Data(bytes + [0x0A]))
    }
}
