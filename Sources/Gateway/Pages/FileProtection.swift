import Wire

/// The fields that protect a page of `Public/` and its readers but bind no operator's own page: what it may load is its
/// own affair, who may frame it is not.
enum FileProtection {
    static func fields(of contentType: String) -> Fields {
        contentType.hasPrefix("text/html") ? ofPage : ofAny
    }

    private static let referrer = (FieldName.referrerPolicy, "strict-origin-when-cross-origin")
    private static let ofAny = Response(.ok, [referrer]).fields
    private static let ofPage = Response(.ok, [referrer, (.contentSecurityPolicy, "frame-ancestors 'self'")]).fields
}
