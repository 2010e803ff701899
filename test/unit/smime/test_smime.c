/* Signatures of S/MIME: what is believed, and each reason for which one is not. */
#include "authority.h"

#include <string.h>
#include <time.h>

#include "smime/smime.h"

#define FROM "From: Alice <alice@a.example>\r\nTo: bob@b.example\r\nSubject: Plans\r\n"
#define TEXT "Content-Type: text/plain\r\n\r\nBring the melon.\r\n"

static const struct wanted good_ca = {.authority = true, .usage = "critical,keyCertSign,cRLSign"};
static const struct wanted good_signer = {
    .email = "alice@a.example", .usage = "digitalSignature", .purpose = "emailProtection"};

static struct {
	struct identity ca, between, alice;
	struct smime_anchors *anchors;
	int64_t now;
} world;

static struct smime_anchors *anchors_of(const struct identity *id)
{
	struct buf pem;
	size_t count;
	buf_init(&pem, 1 << 16);
	identity_pem(id, &pem);
	struct smime_anchors *a = smime_anchors_new(buf_view(&pem), &count);
	assert_non_null(a);
	assert_int_equal(count, 1);
	buf_done(&pem);
	return a;
}

static int begin(void **state)
{
	(void)state;
	smime_prepare();
	world.ca = identity_make("Authority", NULL, &good_ca);
	world.between = identity_make("Authority for mail", &world.ca, &good_ca);
	world.alice = identity_make("Alice", &world.ca, &good_signer);
	world.anchors = anchors_of(&world.ca);
	world.now = time(NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	identity_free(&world.ca);
	identity_free(&world.between);
	identity_free(&world.alice);
	smime_anchors_free(world.anchors);
	return 0;
}

/* ---- what is expected ---- */

static struct smime_verdict look(struct view message, const struct smime_anchors *anchors)
{
	struct smime_verdict v = {.problems = UINT32_MAX};
	assert_int_equal(smime_verify(message, anchors, world.now, world.now, &v), 0);
	return v;
}

#define expect_status(v, status)                                                                             \
	do {                                                                                                 \
		assert_int_equal((v).now, status);                                                           \
		assert_int_equal((v).delivered, status);                                                     \
		assert_int_equal((v).problems, 0);                                                           \
	} while (0)

#define expect_failed(v, why)                                                                                \
	do {                                                                                                 \
		assert_int_equal((v).now, SMIME_FAILED);                                                     \
		assert_int_equal((v).problems, why);                                                         \
	} while (0)

/* A message of a signer, as it is usual. */
static void detached(const struct identity *signer, const char *fields, struct buf *out)
{
	struct buf cms;
	buf_init(&cms, 1 << 16);
	buf_init(out, 1 << 20);
	sign_cms(signer, NULL, TEXT, CMS_DETACHED, EVP_sha256(), &cms);
	message_detached(fields, TEXT, &cms, out);
	buf_done(&cms);
}

static struct smime_verdict look_detached(const struct identity *signer, const char *fields)
{
	struct buf message;
	detached(signer, fields, &message);
	struct smime_verdict v = look(buf_view(&message), world.anchors);
	buf_done(&message);
	return v;
}

static struct smime_verdict look_text(const char *message)
{
	return look(view_from_string(message), world.anchors);
}

/* A signer whose certificate is `wanted`. */
static struct smime_verdict look_signer(const struct wanted *wanted)
{
	struct identity signer = identity_make("Signer", &world.ca, wanted);
	struct smime_verdict v = look_detached(&signer, FROM);
	identity_free(&signer);
	return v;
}

/* ---- good ones ---- */

static void test_detached(void **state)
{
	(void)state;
	expect_status(look_detached(&world.alice, FROM), SMIME_VERIFIED);
}

static void test_opaque(void **state)
{
	struct buf cms, message;
	(void)state;
	buf_init(&cms, 1 << 16);
	buf_init(&message, 1 << 16);
	sign_cms(&world.alice, NULL, TEXT, 0, EVP_sha512(), &cms);
	message_opaque(FROM, &cms, &message);
	expect_status(look(buf_view(&message), world.anchors), SMIME_VERIFIED);
	buf_done(&cms);
	buf_done(&message);
}

/* Imported mail may have lost its CRs; the signature is for text with them (RFC 8551 section 3.1.1). */
static void test_line_ends(void **state)
{
	struct buf message, bare;
	(void)state;
	detached(&world.alice, FROM, &message);
	buf_init(&bare, 1 << 20);
	struct view rest = buf_view(&message), line;
	while (view_next(&rest, '\n', &line)) {
		buf_append(
		    &bare, view_take(line, line.len - (line.len > 0 && line.data[line.len - 1] == '\r')));
		buf_append_byte(&bare, '\n');
	}
	expect_status(look(buf_view(&bare), world.anchors), SMIME_VERIFIED);
	buf_done(&message);
	buf_done(&bare);
}

static void test_chain(void **state)
{
	struct identity signer = identity_make("Alice", &world.between, &good_signer);
	struct buf cms, message;
	(void)state;
	buf_init(&cms, 1 << 16);
	buf_init(&message, 1 << 16);
	sign_cms(&signer, world.between.certificate, TEXT, CMS_DETACHED, EVP_sha256(), &cms);
	message_detached(FROM, TEXT, &cms, &message);
	expect_status(look(buf_view(&message), world.anchors), SMIME_VERIFIED);
	/* Without the one between nothing leads to the anchor; which itself may be trusted alone. */
	expect_failed(look_detached(&signer, FROM), SMIME_UNTRUSTED);
	struct smime_anchors *between = anchors_of(&world.between);
	expect_status(look(buf_view(&message), between), SMIME_VERIFIED);
	smime_anchors_free(between);
	identity_free(&signer);
	buf_done(&cms);
	buf_done(&message);
}

/* The domain in any case, and as U-labels where the certificate has A-labels. */
static void test_addresses(void **state)
{
	struct wanted idn = good_signer, other = good_signer;
	(void)state;
	expect_status(look_detached(&world.alice, "From: alice@A.Example\r\n"), SMIME_VERIFIED);
	idn.email = "alice@xn--bcher-kva.example";
	struct identity signer = identity_make("Alice", &world.ca, &idn);
	expect_status(look_detached(&signer, "From: <alice@b\xc3\xbc"
	                                     "cher.example>\r\n"),
	    SMIME_VERIFIED);
	identity_free(&signer);
	other.email = "mallory@a.example";
	expect_failed(look_signer(&other), SMIME_ADDRESS);
	other.email = NULL;
	expect_failed(look_signer(&other), SMIME_ADDRESS);
	expect_failed(look_detached(&world.alice, "Subject: no author\r\n"), SMIME_ADDRESS);
	/* Another author beside the signer, in one field or in two: a reader may show that one alone. */
	expect_failed(
	    look_detached(&world.alice, "From: alice@a.example, boss@a.example\r\n"), SMIME_ADDRESS);
	expect_failed(
	    look_detached(&world.alice, "From: boss@a.example\r\nFrom: alice@a.example\r\n"), SMIME_ADDRESS);
	expect_failed(
	    look_detached(&world.alice, "From: \"alice@a.example\" <boss@a.example>\r\n"), SMIME_ADDRESS);
}

/* ---- what is not believed ---- */

static void test_changed(void **state)
{
	struct buf message, cms;
	(void)state;
	detached(&world.alice, FROM, &message);
	char *melon = strstr((char *)(uintptr_t)buf_string(&message), "melon");
	assert_non_null(melon);
	melon[0] = 'f';
	expect_failed(look(buf_view(&message), world.anchors), SMIME_CHANGED);
	buf_done(&message);
	/* Signed by a key of somebody else, with the good certificate beside: a certificate is no secret. */
	struct identity own = identity_make("Alice", NULL, &good_signer);
	buf_init(&cms, 1 << 16);
	buf_init(&message, 1 << 16);
	sign_cms(&own, world.alice.certificate, TEXT, CMS_DETACHED, EVP_sha256(), &cms);
	message_detached(FROM, TEXT, &cms, &message);
	expect_failed(look(buf_view(&message), world.anchors), SMIME_UNTRUSTED);
	identity_free(&own);
	buf_done(&cms);
	buf_done(&message);
}

static void test_no_anchors(void **state)
{
	struct buf message;
	(void)state;
	detached(&world.alice, FROM, &message);
	expect_failed(look(buf_view(&message), NULL), SMIME_UNTRUSTED);
	struct identity other = identity_make("Other", NULL, &good_ca);
	struct smime_anchors *anchors = anchors_of(&other);
	expect_failed(look(buf_view(&message), anchors), SMIME_UNTRUSTED);
	smime_anchors_free(anchors);
	identity_free(&other);
	buf_done(&message);
}

static void test_purposes(void **state)
{
	struct wanted w = good_signer;
	(void)state;
	w.purpose = "serverAuth,clientAuth";
	expect_failed(look_signer(&w), SMIME_PURPOSE);
	w.purpose = NULL; /* any */
	expect_status(look_signer(&w), SMIME_VERIFIED);
	w.usage = "keyEncipherment";
	expect_failed(look_signer(&w), SMIME_PURPOSE);
	w.usage = "nonRepudiation";
	expect_status(look_signer(&w), SMIME_VERIFIED);
	/* Somebody whose certificate is a person's makes one for somebody else. */
	struct identity forged = identity_make("Alice", &world.alice, &good_signer);
	struct buf cms, message;
	buf_init(&cms, 1 << 16);
	buf_init(&message, 1 << 16);
	sign_cms(&forged, world.alice.certificate, TEXT, CMS_DETACHED, EVP_sha256(), &cms);
	message_detached(FROM, TEXT, &cms, &message);
	struct smime_verdict v = look(buf_view(&message), world.anchors);
	assert_int_equal(v.now, SMIME_FAILED);
	assert_true(v.problems & (SMIME_CHAIN | SMIME_PURPOSE | SMIME_UNTRUSTED));
	identity_free(&forged);
	buf_done(&cms);
	buf_done(&message);
}

/* When it came the certificate was good, or it is so only since then. */
static void test_times(void **state)
{
	struct wanted w = good_signer;
	struct smime_verdict v;
	struct buf message;
	(void)state;
	w.begins = -30;
	w.ends = -10;
	struct identity old = identity_make("Alice", &world.ca, &w);
	struct wanted old_ca = good_ca;
	old_ca.begins = -100;
	struct identity ca = identity_make("Authority", NULL, &old_ca);
	struct smime_anchors *anchors = anchors_of(&ca);
	identity_free(&old);
	old = identity_make("Alice", &ca, &w);
	detached(&old, FROM, &message);
	assert_int_equal(smime_verify(buf_view(&message), anchors, world.now, world.now - 20 * 86400, &v), 0);
	assert_int_equal(v.now, SMIME_FAILED);
	assert_int_equal(v.delivered, SMIME_VERIFIED);
	assert_int_equal(v.problems, SMIME_EXPIRED);
	assert_int_equal(
	    smime_verify(buf_view(&message), anchors, world.now - 20 * 86400, world.now - 40 * 86400, &v), 0);
	assert_int_equal(v.now, SMIME_VERIFIED);
	assert_int_equal(v.delivered, SMIME_FAILED);
	assert_int_equal(v.problems, 0);
	smime_anchors_free(anchors);
	identity_free(&old);
	identity_free(&ca);
	buf_done(&message);
}

static void test_weak(void **state)
{
	struct wanted w = good_signer;
	struct buf cms, message;
	(void)state;
	w.rsa_bits = 1024;
	expect_failed(look_signer(&w), SMIME_WEAK);
	w.rsa_bits = 2048;
	expect_status(look_signer(&w), SMIME_VERIFIED);
	w.rsa_bits = 0;
	w.digest = EVP_sha1();
	expect_failed(look_signer(&w), SMIME_WEAK);
	/* The digest of the text. */
	buf_init(&cms, 1 << 16);
	buf_init(&message, 1 << 16);
	sign_cms(&world.alice, NULL, TEXT, CMS_DETACHED, EVP_sha1(), &cms);
	message_detached(FROM, TEXT, &cms, &message);
	expect_failed(look(buf_view(&message), world.anchors), SMIME_WEAK);
	buf_done(&cms);
	buf_done(&message);
}

static void test_no_certificate(void **state)
{
	struct buf cms, message;
	(void)state;
	buf_init(&cms, 1 << 16);
	buf_init(&message, 1 << 16);
	sign_cms(&world.alice, NULL, TEXT, CMS_DETACHED | CMS_NOCERTS, EVP_sha256(), &cms);
	message_detached(FROM, TEXT, &cms, &message);
	expect_failed(look(buf_view(&message), world.anchors), SMIME_NO_CERTIFICATE);
	buf_done(&cms);
	buf_done(&message);
}

/* Signed text within the signature as well: a reader would show one, and the signature be for the other. */
static void test_two_texts(void **state)
{
	struct buf cms, message;
	(void)state;
	buf_init(&cms, 1 << 16);
	buf_init(&message, 1 << 16);
	sign_cms(&world.alice, NULL, "Content-Type: text/plain\r\n\r\nOther.\r\n", 0, EVP_sha256(), &cms);
	message_detached(FROM, TEXT, &cms, &message);
	expect_failed(look(buf_view(&message), world.anchors), SMIME_MALFORMED);
	/* And the other way round: nothing is there that could be shown. */
	buf_clear(&cms);
	buf_clear(&message);
	sign_cms(&world.alice, NULL, TEXT, CMS_DETACHED, EVP_sha256(), &cms);
	message_opaque(FROM, &cms, &message);
	expect_failed(look(buf_view(&message), world.anchors), SMIME_MALFORMED);
	buf_done(&cms);
	buf_done(&message);
}

/* A list puts a footer below: the signature is for a part, and the rest is anybody's. */
static void test_part(void **state)
{
	struct buf signed_part, message;
	(void)state;
	detached(&world.alice, "", &signed_part);
	buf_init(&message, 1 << 20);
	buf_append_string(
	    &message, FROM "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n");
	buf_append(&message, buf_view(&signed_part));
	buf_append_string(&message, "\r\n--o\r\n\r\nUnsubscribe here.\r\n--o--\r\n");
	expect_failed(look(buf_view(&message), world.anchors), SMIME_PARTLY);
	/* A forwarded message's signature is its own. */
	buf_clear(&message);
	buf_append_string(&message,
	    FROM "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
	         "--o\r\nContent-Type: message/rfc822\r\n\r\n" FROM);
	buf_append(&message, buf_view(&signed_part));
	buf_append_string(&message, "\r\n--o--\r\n");
	expect_status(look(buf_view(&message), world.anchors), SMIME_NONE);
	buf_done(&signed_part);
	buf_done(&message);
}

static void test_malformed(void **state)
{
	static const char head[] =
	    FROM "MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b; "
	         "protocol=\"application/pkcs7-signature\"\r\n\r\n--b\r\n" TEXT "\r\n--b\r\n";
	struct buf message;
	(void)state;
	buf_init(&message, 1 << 20);
	buf_append_string(&message, head);
	buf_append_string(&message, "Content-Type: application/pkcs7-signature\r\n"
	                            "Content-Transfer-Encoding: base64\r\n\r\nbm9uZQ==\r\n--b--\r\n");
	expect_failed(look(buf_view(&message), world.anchors), SMIME_MALFORMED);
	buf_clear(&message);
	buf_append_string(&message, head);
	buf_append_string(&message, "Content-Type: text/plain\r\n\r\nno signature\r\n--b--\r\n");
	expect_failed(look(buf_view(&message), world.anchors), SMIME_MALFORMED);
	/* A third part would be shown, and is signed by nobody. */
	buf_done(&message);
	detached(&world.alice, FROM, &message);
	buf_truncate(&message, message.len - strlen("--b--\r\n"));
	buf_append_string(&message, "--b\r\n\r\nMore.\r\n--b--\r\n");
	expect_failed(look(buf_view(&message), world.anchors), SMIME_MALFORMED);
	buf_done(&message);
	expect_failed(look_text(FROM "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime\r\n\r\n"),
	    SMIME_MALFORMED);
}

static void test_too_much(void **state)
{
	struct buf cms, message;
	(void)state;
	buf_init(&cms, 1 << 20);
	buf_init(&message, 1 << 20);
	char *filler = malloc(SMIME_SIGNATURE_MAX + 1000);
	memset(filler, 'x', SMIME_SIGNATURE_MAX + 999);
	filler[SMIME_SIGNATURE_MAX + 999] = '\0';
	sign_cms(&world.alice, NULL, filler, 0, EVP_sha256(), &cms);
	message_detached(FROM, TEXT, &cms, &message);
	struct smime_verdict v = look(buf_view(&message), world.anchors);
	assert_int_equal(v.now, SMIME_FAILED);
	assert_true(v.problems & SMIME_TOO_MUCH);
	free(filler);
	buf_done(&cms);
	buf_done(&message);
	/* Certificates. */
	BIO *in = BIO_new_mem_buf(TEXT, -1), *bio = BIO_new(BIO_s_mem());
	CMS_ContentInfo *many = CMS_sign(NULL, NULL, NULL, NULL, CMS_DETACHED | CMS_BINARY | CMS_PARTIAL);
	assert_non_null(CMS_add1_signer(many, world.alice.certificate, world.alice.key, NULL, CMS_BINARY));
	for (int i = 0; i < SMIME_CERTIFICATES_MAX; i++) {
		struct identity id = identity_make("More", NULL, &good_ca);
		assert_int_equal(CMS_add1_cert(many, id.certificate), 1);
		identity_free(&id);
	}
	assert_int_equal(CMS_final(many, in, NULL, CMS_DETACHED | CMS_BINARY), 1);
	assert_int_equal(i2d_CMS_bio(bio, many), 1);
	char *der;
	long len = BIO_get_mem_data(bio, &der);
	buf_append(&cms, view_of(der, (size_t)len));
	message_detached(FROM, TEXT, &cms, &message);
	expect_failed(look(buf_view(&message), world.anchors), SMIME_TOO_MUCH);
	CMS_ContentInfo_free(many);
	BIO_free(in);
	BIO_free(bio);
	buf_done(&cms);
	buf_done(&message);
}

static void test_too_many_signers(void **state)
{
	struct buf cms, message;
	(void)state;
	buf_init(&cms, 1 << 20);
	buf_init(&message, 1 << 20);
	BIO *in = BIO_new_mem_buf(TEXT, -1), *bio = BIO_new(BIO_s_mem());
	CMS_ContentInfo *many = CMS_sign(NULL, NULL, NULL, NULL, CMS_DETACHED | CMS_BINARY | CMS_PARTIAL);
	for (int i = 0; i < SMIME_SIGNERS_MAX + 1; i++) {
		struct identity id = identity_make("More", NULL, &good_ca);
		assert_non_null(CMS_add1_signer(many, id.certificate, id.key, NULL, CMS_BINARY));
		identity_free(&id);
	}
	assert_int_equal(CMS_final(many, in, NULL, CMS_DETACHED | CMS_BINARY), 1);
	assert_int_equal(i2d_CMS_bio(bio, many), 1);
	char *der;
	long len = BIO_get_mem_data(bio, &der);
	buf_append(&cms, view_of(der, (size_t)len));
	message_detached(FROM, TEXT, &cms, &message);
	expect_failed(look(buf_view(&message), world.anchors), SMIME_TOO_MUCH);
	CMS_ContentInfo_free(many);
	BIO_free(in);
	BIO_free(bio);
	buf_done(&cms);
	buf_done(&message);
}

/* The header of one DER value is passed; its content is given back. */
static struct view enter(struct view *der)
{
	const unsigned char *at = (const unsigned char *)der->data;
	long len;
	int tag, class;
	assert_int_equal(ASN1_get_object(&at, &len, &tag, &class, (long)der->len) & 0x80, 0);
	size_t head = (size_t)((const char *)at - der->data);
	struct view content = view_take(view_skip(*der, head), (size_t)len);
	*der = view_skip(*der, head + (size_t)len);
	return content;
}

/* A value with this first octet around `content`. */
static void wrap(struct buf *out, char first, struct view content)
{
	buf_append_byte(out, first);
	buf_append_byte(out, (char)0x83); /* three octets of length */
	for (int shift = 16; shift >= 0; shift -= 8)
		buf_append_byte(out, (char)(content.len >> shift & 0xff));
	buf_append(out, content);
}

/* The same signature, whose list of digests (RFC 5652 section 5.1) names its only one `times` times. */
static void repeat_digest(struct view cms, size_t times, struct buf *out)
{
	struct buf digests, inside;
	struct view content = enter(&cms), rest = content;
	buf_init(&digests, SMIME_SIGNATURE_MAX);
	buf_init(&inside, SMIME_SIGNATURE_MAX);
	(void)enter(&rest); /* the type */
	struct view type = view_take(content, content.len - rest.len);
	struct view explicit = enter(&rest), data = enter(&explicit), left = data;
	(void)enter(&left); /* the version */
	struct view version = view_take(data, data.len - left.len), digest = enter(&left);
	for (size_t i = 0; i < times; i++)
		buf_append(&digests, digest);
	buf_append(&inside, version);
	wrap(&inside, 0x31, buf_view(&digests));
	buf_append(&inside, left);
	buf_clear(&digests);
	wrap(&digests, 0x30, buf_view(&inside));
	buf_clear(&inside);
	buf_append(&inside, type);
	wrap(&inside, (char)0xa0, buf_view(&digests));
	wrap(out, 0x30, buf_view(&inside));
	assert_false(buf_failed(&digests) || buf_failed(&inside) || buf_failed(out));
	buf_done(&digests);
	buf_done(&inside);
}

/* A sum for each of these digests would go through 120 GB of text; the signature is a good one all the same.
 */
static void test_many_digests(void **state)
{
	enum { TEXT_LEN = 8 << 20, DIGESTS = 15000 };
	struct buf text, cms, bomb, message;
	(void)state;
	buf_init(&text, TEXT_LEN + 1000);
	buf_init(&cms, 1 << 16);
	buf_init(&bomb, SMIME_SIGNATURE_MAX);
	buf_init(&message, 2 * TEXT_LEN);
	buf_append_string(&text, "Content-Type: text/plain\r\n\r\n");
	while (text.len < TEXT_LEN)
		buf_append_string(&text, "All of this is signed, and there is much more of it to come.\r\n");
	sign_cms(&world.alice, NULL, buf_string(&text), CMS_DETACHED, EVP_sha256(), &cms);
	repeat_digest(buf_view(&cms), DIGESTS, &bomb);
	message_detached(FROM, buf_string(&text), &bomb, &message);
	expect_status(look(buf_view(&message), world.anchors), SMIME_VERIFIED);
	buf_done(&text);
	buf_done(&cms);
	buf_done(&bomb);
	buf_done(&message);
}

/* ---- what is no signature ---- */

static void test_others(void **state)
{
	(void)state;
	expect_status(look_text(FROM "\r\nHello.\r\n"), SMIME_NONE);
	expect_status(look_text(""), SMIME_NONE);
	expect_status(
	    look_text(FROM "Content-Type: multipart/signed; boundary=b; micalg=pgp-sha256; "
	                   "protocol=\"application/pgp-signature\"\r\n\r\n--b\r\n" TEXT
	                   "\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n"),
	    SMIME_UNKNOWN);
}

/* Encrypted mail shows no signature to a server that cannot read it; certificates alone sign nothing. */
static void test_encrypted_and_certificates(void **state)
{
	struct buf cms, message;
	struct wanted w = good_signer;
	(void)state;
	w.rsa_bits = 2048;
	struct identity reader = identity_make("Bob", &world.ca, &w);
	STACK_OF(X509) *readers = sk_X509_new_null();
	sk_X509_push(readers, reader.certificate);
	BIO *in = BIO_new_mem_buf(TEXT, -1), *bio = BIO_new(BIO_s_mem());
	CMS_ContentInfo *encrypted = CMS_encrypt(readers, in, EVP_aes_128_cbc(), CMS_BINARY);
	assert_int_equal(i2d_CMS_bio(bio, encrypted), 1);
	char *der;
	long len = BIO_get_mem_data(bio, &der);
	buf_init(&cms, 1 << 20);
	buf_init(&message, 1 << 20);
	buf_append(&cms, view_of(der, (size_t)len));
	message_opaque(FROM, &cms, &message);
	expect_status(look(buf_view(&message), world.anchors), SMIME_NONE);
	CMS_ContentInfo_free(encrypted);
	BIO_free(in);
	BIO_free(bio);
	bio = BIO_new(BIO_s_mem());
	CMS_ContentInfo *bare = CMS_sign(NULL, NULL, readers, NULL, CMS_BINARY | CMS_PARTIAL);
	assert_int_equal(CMS_final(bare, NULL, NULL, CMS_BINARY) >= 0, 1);
	assert_int_equal(i2d_CMS_bio(bio, bare), 1);
	len = BIO_get_mem_data(bio, &der);
	buf_clear(&cms);
	buf_clear(&message);
	buf_append(&cms, view_of(der, (size_t)len));
	message_opaque(FROM, &cms, &message);
	expect_status(look(buf_view(&message), world.anchors), SMIME_UNKNOWN);
	CMS_ContentInfo_free(bare);
	BIO_free(bio);
	sk_X509_free(readers);
	identity_free(&reader);
	buf_done(&cms);
	buf_done(&message);
}

static void test_anchors(void **state)
{
	size_t count;
	struct buf pem;
	(void)state;
	assert_null(smime_anchors_new(VIEW(""), &count));
	assert_null(smime_anchors_new(VIEW("no certificate\n"), &count));
	buf_init(&pem, 1 << 20);
	identity_pem(&world.ca, &pem);
	buf_append_string(&pem, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	assert_null(smime_anchors_new(buf_view(&pem), &count));
	buf_clear(&pem);
	buf_append_string(&pem, "# an authority\n");
	identity_pem(&world.ca, &pem);
	identity_pem(&world.between, &pem);
	struct smime_anchors *a = smime_anchors_new(buf_view(&pem), &count);
	assert_non_null(a);
	assert_int_equal(count, 2);
	smime_anchors_free(a);
	buf_done(&pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_detached),
	    cmocka_unit_test(test_opaque),
	    cmocka_unit_test(test_line_ends),
	    cmocka_unit_test(test_chain),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_no_anchors),
	    cmocka_unit_test(test_purposes),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_weak),
	    cmocka_unit_test(test_no_certificate),
	    cmocka_unit_test(test_two_texts),
	    cmocka_unit_test(test_part),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_too_much),
	    cmocka_unit_test(test_too_many_signers),
	    cmocka_unit_test(test_many_digests),
	    cmocka_unit_test(test_others),
	    cmocka_unit_test(test_encrypted_and_certificates),
	    cmocka_unit_test(test_anchors),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
