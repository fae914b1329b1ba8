package import Wire

/// Where an answer that needs no waiting is written: the buffer of the request's connection, once.
package struct AnswerSink: ~Copyable {
    /// The status of the answer that is in the buffer; nil as long as there is none.
    package private(set) var status: Status?
    /// Whether another request may follow on the connection.
    package private(set) var keepsAlive = true
    /// The id that the client is told, for the log.
    package private(set) var requestID: String?
    /// An answer that is for a task to send: a streamed body, or none.
    package private(set) var unsent: Response?

    /// Lines that every answer gets; what guards a listener adds them before it asks who answers.
    package var further: Fields?
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

    /// Answers with a response; called once, as the next one.
    package mutating func put(_ response: consuming Response) {
        if let further { response.fields.append(missing: further) }
        switch response.body {
        case .empty, .bytes:
            requestID = response.fields[.xRequestID]
            keepsAlive = serializer.append(response, date: date, to: &output).keepsAlive
            status = response.status
        case .stream, .abort:
            unsent = response
        }
    }

    /// Answers with fields that are shared, one more whose value is copied from the request if it has it, and a body that
    /// is lent: nothing is put together on the way.
    package mutating func put(
        _ status: Status, _ fields: Fields, _ name: FieldName, copying other: FieldName, of request: FieldsView,
        body: UnsafeBufferPointer<UInt8>
    ) throws(WireError) {
        guard further == nil else {
            var response = Response(status, fields: fields, body: .bytes(Array(body)))
            try response.fields.append(name, copying: other, of: request)
            return put(response)
        }
        keepsAlive = try serializer.append(
            status, fields, name, copying: other, of: request, body: body, date: date, to: &output)
        self.status = status
    }
}
