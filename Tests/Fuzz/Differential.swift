import Wire

// Seeds: Tests/WireTests/Vectors/requests.txt
// With: Tests/SecondReading/StrictGrammar.swift
// With: Tests/SecondReading/StrictReader.swift
// With: Tests/SecondReading/StrictTarget.swift
// With: Tests/SecondReading/TwoReadings.swift

/// The request parser beside a reader of the same RFCs that shares no line with it: what one takes or refuses, so does
/// the other, as the same requests.
func examine(_ input: [UInt8]) {
    var choices = Choices(from: input)
    var cuts: [Int] = []
    for piece in choices.pieces(of: input) { cuts.append(piece.endIndex) }
    var tight = ParserLimits()
    (tight.requestLine, tight.fieldLine, tight.headerBytes, tight.headerFields) = (40, 40, 120, 4)
    (tight.bodyBytes, tight.chunkExtension, tight.trailerBytes) = (20, 8, 20)
    (tight.cookieBytes, tight.cookies) = (16, 3)
    for limits in [ParserLimits(), tight] {
        let disagreement = TwoReadings.disagreement(over: input, cuts: cuts, limits: limits)
        require(disagreement == nil, disagreement ?? "")
    }
}
