package import Wire

/// One line of a route table: a method, a path, and who answers. A class, since every request takes one in hand.
package final class Route: Sendable {
    package typealias Handler = @Sendable (Request, Captures) async -> Response
    package typealias AnsweringHandler = @Sendable (Request, Captures) async -> Answer
    /// Answers what can be answered without waiting; false leaves the request, untouched, to the handler.
    package typealias ImmediateHandler = @Sendable (borrowing RequestView, inout AnswerSink) -> Bool

    package let method: Method
    /// Such as `/redirect/{account}`: a segment in braces takes whatever stands there, but not nothing.
    package let path: String
    private let pathBytes: [UInt8]
    /// What stands before the first brace; nil where there is none.
    private let beginning: [UInt8]?
    /// False for a GET that changes something: the HEAD of a link checker must not.
    package let takesHead: Bool
    package let handler: AnsweringHandler
    package let immediate: ImmediateHandler?

    package convenience init(
        _ method: Method, _ path: String, takesHead: Bool = true, immediate: ImmediateHandler? = nil,
        _ handler: @escaping Handler
    ) {
        self.init(
            method, path, takesHead: takesHead, immediate: immediate,
            answering: { request, captures in .response(await handler(request, captures)) })
    }

    /// - Parameter immediate: only of a route without braces.
    package init(
        _ method: Method, _ path: String, takesHead: Bool = true, immediate: ImmediateHandler? = nil,
        answering handler: @escaping AnsweringHandler
    ) {
        precondition(path.hasPrefix("/"), "a route's path begins with a slash")
        precondition(immediate == nil || !path.contains("{"), "only a route without braces answers at once")
        self.method = method
        self.path = path
        pathBytes = Array(path.utf8)
        beginning = path.firstIndex(of: "{").map { Array(path[..<$0].utf8) }
        self.takesHead = takesHead && method == .get
        self.handler = handler
        self.immediate = immediate
    }

    /// What a request may ask for to come here. HEAD is GET without the body (RFC 9110 §9.3.2), which the serializer
    /// leaves out.
    var methods: [Method] { takesHead ? [.get, .head] : [method] }

    /// Whether it takes the request, which asks for its path as it stands.
    func isOf(_ request: borrowing RequestView) -> Bool {
        guard request.path.isEqual(to: pathBytes) else { return false }
        switch (request.method, method) {
        case (.get, .get): return true
        case (.head, .get): return takesHead
        default: return methods.contains(request.method)
        }
    }

    /// The segments, nil in the place of braces. Routes of one shape are one resource with several methods.
    var shape: [String?] {
        segments.map { $0.hasPrefix("{") ? nil : String($0) }
    }

    /// Whether a path, as it came, is the route's, or begins as one with braces does.
    func mayBe(at path: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let beginning else { return path.isEqual(to: pathBytes) }
        return path.starts(with: beginning)
    }

    /// What the braces are called, in their order.
    var captureNames: [String] {
        segments.filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    private var segments: [Substring] {
        path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }
}

/// What stood in the place of a route's braces, percent-decoded.
package struct Captures: Sendable {
    private let values: [(name: String, value: String)]

    init(_ names: [String] = [], _ values: [String] = []) {
        self.values = Array(zip(names, values))
    }

    package static let none = Captures()

    package subscript(name: String) -> String? {
        values.first { $0.name == name }?.value
    }
}
