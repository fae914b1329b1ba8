package import Wire

/// Where an answer that needs no waiting is written: the buffer of the request's connection.
///
/// One answer for one request: who puts a second one, or puts one and says it has none, would have the client take it for
/// the answer to its next request. That is a bug, and traps.
package struct AnswerSink: ~Copyable {
    /// The status of the answer that is in the buffer; nil as long as there is none.
    package private(set) var status: Status?
    /// Whether another request may follow on the connection.
    package private(set) var keepsAlive = true
    /// The id that the client is told, for the log.
    package private(set) var requestID: String?

    /// What every answer gets; what guards a listener sets it before it asks who answers.
    package var fieldsOfEveryAnswer: Fields?
    private let serializer: ResponseSerializer
    private let date: [UInt8]
    /// What the connection is about to send.
    private var output: [UInt8]

    /// Writes behind `output`, in the terms of the serializer; `take` gives it back.
    package init(_ serializer: ResponseSerializer, date: [UInt8], output: consuming [UInt8] = []) {
        self.serializer = serializer
        self.date = date
        self.output = output
    }

    package consuming func take() -> [UInt8] { output }

    /// Answers with a response whose body is at hand.
    package mutating func put(_ response: consuming Response) {
        precondition(status == nil, "a request has one answer")
        switch response.body {
        case .empty, .bytes: break
        case .stream, .abort: preconditionFailure("what takes a task to be sent is not answered at once")
        }
        if let fieldsOfEveryAnswer { response.fields.append(missing: fieldsOfEveryAnswer) }
        requestID = response.fields[.xRequestID]
        keepsAlive = serializer.append(response, date: date, to: &output).keepsAlive
        status = response.status
    }

    /// Answers with fields that are shared, one more whose value is copied from the request, and a body that is lent:
    /// nothing is put together on the way.
    ///
    /// - Parameter other: where the value of the further field is found in the request; nil for none.
    package mutating func put(
        _ status: Status, _ fields: Fields, _ name: FieldName, copying other: FieldName?, of request: FieldsView,
        body: UnsafeBufferPointer<UInt8>
    ) throws(WireError) {
        precondition(self.status == nil, "a request has one answer")
        guard fieldsOfEveryAnswer == nil else {
            var response = Response(status, fields: fields, body: .bytes(Array(body)))
            if let other { try response.fields.append(name, copying: other, of: request) }
            return put(response)
        }
        keepsAlive = try serializer.append(
            status, fields, name, copying: other, of: request, body: body, date: date, to: &output)
        self.status = status
    }
}
