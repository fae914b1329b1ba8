import HTTP
import Wire

extension Responder {
    /// What a connection would send for a request that is answered at once, read again from its bytes; nil for any
    /// other. Without the fields that are the server's own.
    func respondAtOnce(to request: Request) -> Response? {
        request.lend { request in
            var sink = AnswerSink(ResponseSerializer(to: request), date: Array("Thu, 01 Jan 1970 00:00:00 GMT".utf8))
            let isAnswered = respondNow(to: request, into: &sink)
            precondition(isAnswered == (sink.status != nil), "what was answered was put into the sink")
            let bytes = sink.take()
            guard isAnswered else {
                precondition(bytes.isEmpty, "who does not answer writes nothing")
                return nil
            }
            var parser = ResponseParser()
            parser.begin(request.method)
            parser.feed(bytes)
            guard case .response(let received) = try? parser.next(), parser.buffered == 0 else {
                preconditionFailure("no answer: \(String(decoding: bytes, as: UTF8.self))")
            }
            var response = Response(received.status, fields: received.fields)
            for name in [.date, .contentLength] as [FieldName] { response.fields.remove(name) }
            if !received.body.isEmpty { response.body = .bytes(received.body) }
            return response
        }
    }
}
