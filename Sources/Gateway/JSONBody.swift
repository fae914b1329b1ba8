import FoundationEssentials
import Wire

extension Request {
    /// What the body is said to be, in lower case and without parameters.
    var mediaType: String? {
        fields[.contentType]?.split(separator: ";").first.map {
            $0.lowercased().filter { !$0.isWhitespace }
        }
    }

    func json<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        guard mediaType == "application/json" else { throw Failure.unsupportedMediaType() }
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch let error as DecodingError {
            throw Failure.badParameter(error.place, rule: "missing, or not of the type it must have")
        }
    }
}

extension DecodingError {
    /// The key that is wrong, or "body".
    fileprivate var place: String {
        switch self {
        case .keyNotFound(let key, _): key.stringValue
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.last?.stringValue ?? "body"
        @unknown default: "body"
        }
    }
}
