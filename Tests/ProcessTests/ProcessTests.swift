import TestSupport
import Testing

/// Each test has processes of its own; one after the other, so that they do not compete for the machine.
@Suite(.serialized, .onOwnThread) struct ProcessTests {}
