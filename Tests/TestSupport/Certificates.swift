import COpenSSL
import Glibc

/// A certification authority that lives as long as a test: its certificate is a file to trust, and it issues others.
package final class CertificateAuthority {
    package let directory: String
    /// What a client has to trust.
    package let certificateFile: String
    private let certificate: OpaquePointer
    private let key: OpaquePointer
    private var issued = 0

    package struct Identity {
        /// The certificate, and below it that of its issuer.
        package var certificateFile: String
        package var keyFile: String
    }

    package init(name: String = "Magpie Test Root") {
        directory = makeTemporaryDirectory()
        key = makeKey()
        certificate = makeCertificate(
            name: name, key: key, issuer: nil, serial: 1, begins: -3_600, ends: 3_600,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ])
        certificateFile = directory + "/ca.pem"
        write(certificateFile) { PEM_write_bio_X509($0, certificate) }
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
        removeDirectory(directory)
    }

    /// A server's certificate for names such as `DNS:localhost` and `IP:127.0.0.1`. Times are seconds from now.
    package func issue(_ names: String, begins: Int = -3_600, ends: Int = 3_600) -> Identity {
        make(names, issuer: (certificate, key), begins: begins, ends: ends)
    }

    /// A certificate that nobody but itself vouches for.
    package func selfSigned(_ names: String) -> Identity {
        make(names, issuer: nil, begins: -3_600, ends: 3_600)
    }

    private func make(
        _ names: String, issuer: (certificate: OpaquePointer, key: OpaquePointer)?, begins: Int, ends: Int
    ) -> Identity {
        issued += 1
        let leafKey = makeKey()
        defer { EVP_PKEY_free(leafKey) }
        let leaf = makeCertificate(
            name: "server \(issued)", key: leafKey, issuer: issuer, serial: issued + 1, begins: begins, ends: ends,
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, "serverAuth"), (NID_subject_alt_name, names),
            ])
        defer { X509_free(leaf) }
        let identity = Identity(
            certificateFile: "\(directory)/server-\(issued).pem", keyFile: "\(directory)/server-\(issued).key")
        write(identity.certificateFile) { file in
            let code = PEM_write_bio_X509(file, leaf)
            return issuer == nil ? code : PEM_write_bio_X509(file, certificate)
        }
        write(identity.keyFile) { PEM_write_bio_PrivateKey($0, leafKey, nil, nil, 0, nil, nil) }
        return identity
    }
}

/// A fresh directory of this test's own, mode 0700.
package func makeTemporaryDirectory() -> String {
    var template = Array("/tmp/magpie-test-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil, "no temporary directory")
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Removes a directory that holds files only.
package func removeDirectory(_ path: String) {
    guard let listing = opendir(path) else { return }
    while let entry = readdir(listing) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink(path + "/" + name)
    }
    closedir(listing)
    rmdir(path)
}

private func makeKey() -> OpaquePointer {
    let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    let isMade =
        EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_group_name(context, "P-256") == 1
        && EVP_PKEY_generate(context, &key) == 1
    guard isMade, let key else { preconditionFailure("no key: \(ERR_peek_error())") }
    return key
}

private func makeCertificate(
    name: String, key: OpaquePointer, issuer: (certificate: OpaquePointer, key: OpaquePointer)?, serial: Int,
    begins: Int, ends: Int, extensions: [(nid: Int32, value: String)]
) -> OpaquePointer {
    guard let certificate = X509_new() else { preconditionFailure("out of memory") }
    X509_set_version(certificate, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial)
    X509_gmtime_adj(X509_getm_notBefore(certificate), begins)
    X509_gmtime_adj(X509_getm_notAfter(certificate), ends)
    let subject = X509_get_subject_name(certificate)
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0)
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer?.certificate ?? certificate))
    X509_set_pubkey(certificate, key)
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, issuer?.certificate ?? certificate, certificate, nil, nil, 0)
    for (nid, value) in extensions {
        let item = X509V3_EXT_conf_nid(nil, &context, nid, value)
        precondition(X509_add_ext(certificate, item, -1) == 1, "extension \(value): \(ERR_peek_error())")
        X509_EXTENSION_free(item)
    }
    precondition(X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) > 0, "not signed: \(ERR_peek_error())")
    return certificate
}

private func write(_ path: String, _ body: (OpaquePointer?) -> Int32) {
    let file = BIO_new_file(path, "w")
    precondition(body(file) == 1, "cannot write \(path)")
    BIO_free(file)
}
