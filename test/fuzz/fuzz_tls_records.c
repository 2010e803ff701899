/*
 * Records of TLS 1.3, from a peer that has the keys and says anything, and from somebody who has not. The
 * input is a list of contents: a type, a length, octets; its last bit of the type says that a record is
 * changed on its way.
 */
#include "fuzz.h"

#include <string.h>

#include "io/tls_records.h"

static const char secret[2][33] = {"0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"};

static struct tls_records *side(int in)
{
	struct tls_secret from = {.bytes = view_of(secret[in], 32)}, to = {.bytes = view_of(secret[!in], 32)};
	struct tls_records *r = tls_records_new(0x1301, &from, &to);
	check(r != NULL);
	return r;
}

/* Whoever has no keys is never understood. */
static void forge(struct view bytes)
{
	static char record[TLS_RECORD_MAX];
	struct tls_records *r = side(0);
	struct view plain;
	struct buf out;
	size_t len = tls_records_length(bytes);
	buf_init(&out, 4096);
	if (len > 0 && (len > TLS_RECORD_MAX || bytes.len >= len)) {
		memcpy(record, bytes.data, bytes.len < sizeof record ? bytes.len : sizeof record);
		check(tls_records_open(r, record, len, &plain, &out) == TLS_RECORD_FAILED);
		check(plain.len == 0 && out.len > 0);
	}
	buf_done(&out);
	tls_records_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char record[TLS_RECORD_SEALED_MAX];
	struct tls_records *a = side(0), *b = side(1);
	struct view rest = view_of((const char *)data, size), got;
	struct buf out;
	bool alive = true;
	forge(rest);
	buf_init(&out, 1 << 20);
	while (alive && rest.len >= 2) {
		bool changed = data[size - rest.len] & 0x80;
		enum tls_content is = (enum tls_content)(data[size - rest.len] & 0x7f);
		struct view plain = view_take(view_skip(rest, 2), data[size - rest.len + 1]);
		rest = view_skip(rest, 2 + plain.len);
		size_t len = tls_records_seal(a, is, plain, record);
		check(len > plain.len && tls_records_length(view_of(record, len)) == len);
		record[len - 1] = (char)(record[len - 1] ^ (changed ? 1 : 0));
		size_t answered = out.len;
		enum tls_record what = tls_records_open(b, record, len, &got, &out);
		/* A type of 0 is padding behind a type that the octets say. */
		if (what == TLS_RECORD_DATA && is != 0)
			check(!changed && is == TLS_DATA && got.len == plain.len &&
			      memcmp(got.data, plain.data, got.len) == 0);
		else if (is != 0)
			check(got.len == 0);
		check(!changed || what == TLS_RECORD_FAILED);
		/* What b answers, a understands. */
		if (out.len > answered) {
			size_t more = out.len - answered;
			memcpy(record, buf_view(&out).data + answered, more);
			what = tls_records_open(a, record, more, &got, &out) == TLS_RECORD_FAILED
			           ? TLS_RECORD_FAILED
			           : what;
		}
		alive = what == TLS_RECORD_DATA || what == TLS_RECORD_NOTHING;
	}
	buf_done(&out);
	tls_records_free(a);
	tls_records_free(b);
	return 0;
}
