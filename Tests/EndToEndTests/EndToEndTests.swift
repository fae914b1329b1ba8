import Testing

/// Everything that needs a browser. One Magpie, one sandbox and one Chromium serve all of it, one test after the other.
@Suite(.serialized, .endToEnd, .onStage)
struct EndToEndTests {}
