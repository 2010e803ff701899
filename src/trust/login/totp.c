/* TOTP (RFC 6238) over HOTP (RFC 4226): see totp.h. */
#include "trust/login/totp.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <string.h>

#include "base/mem.h"

enum { SHA1_SIZE = 20 };

int totp_code(struct view secret, uint64_t step, unsigned digits, char code[9])
{
	static const uint32_t powers[] = {1000000, 10000000, 100000000};
	unsigned char counter[8], mac[SHA1_SIZE];
	unsigned len = sizeof mac;
	for (unsigned i = 0; i < 8; i++)
		counter[i] = (unsigned char)(step >> (56 - 8 * i));
	if (digits < 6 || digits > 8)
		return -EINVAL;
	if (HMAC(EVP_sha1(), secret.data, (int)secret.len, counter, sizeof counter, mac, &len) == NULL)
		return -ENOMEM;
	/* Dynamic truncation (RFC 4226 section 5.3). */
	const unsigned char *at = mac + (mac[SHA1_SIZE - 1] & 15);
	uint32_t number =
	    (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	number %= powers[digits - 6];
	code[digits] = '\0';
	for (unsigned i = digits; i > 0; i--, number /= 10)
		code[i - 1] = (char)('0' + number % 10);
	mem_wipe(mac, sizeof mac);
	return 0;
}

/* False for what is no code: other signs than digits and blanks, or another number of digits. */
static bool read_code(struct view typed, char code[TOTP_DIGITS])
{
	size_t n = 0;
	for (size_t i = 0; i < typed.len; i++) {
		if (typed.data[i] == ' ')
			continue;
		if (n == TOTP_DIGITS || !ascii_is_digit(typed.data[i]))
			return false;
		code[n++] = typed.data[i];
	}
	return n == TOTP_DIGITS;
}

int totp_check(struct view secret, struct view code, int64_t now, uint64_t last, uint64_t *step)
{
	char typed[TOTP_DIGITS], right[9];
	int result = -EACCES;
	if (!read_code(code, typed) || now < 0)
		return -EACCES;
	uint64_t middle = (uint64_t)now / TOTP_STEP_SECONDS;
	uint64_t first = middle > TOTP_WINDOW ? middle - TOTP_WINDOW : 0;
	/* All of them, so that the time tells nothing; the earliest that fits counts. */
	for (uint64_t at = middle + TOTP_WINDOW; at + 1 > first; at--) {
		int error = totp_code(secret, at, TOTP_DIGITS, right);
		if (error)
			return error;
		if (sodium_memcmp(typed, right, TOTP_DIGITS) == 0 && at > last) {
			*step = at;
			result = 0;
		}
		if (at == 0)
			break;
	}
	mem_wipe(right, sizeof right);
	return result;
}

void totp_base32(const unsigned char secret[TOTP_SECRET_SIZE], char text[TOTP_BASE32_SIZE])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	for (size_t i = 0; i < TOTP_BASE32_SIZE - 1; i++) {
		size_t bit = 5 * i, octet = bit / 8;
		unsigned two =
		    (unsigned)secret[octet] << 8 | (octet + 1 < TOTP_SECRET_SIZE ? secret[octet + 1] : 0u);
		text[i] = letters[two >> (11 - bit % 8) & 31];
	}
	text[TOTP_BASE32_SIZE - 1] = '\0';
}

static void append_escaped(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '@')
			buf_append_byte(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

int totp_uri(
    const unsigned char secret[TOTP_SECRET_SIZE], struct view issuer, struct view account, struct buf *out)
{
	char text[TOTP_BASE32_SIZE];
	totp_base32(secret, text);
	buf_append_string(out, "otpauth://totp/");
	append_escaped(out, issuer);
	buf_append_byte(out, ':');
	append_escaped(out, account);
	buf_printf(out, "?secret=%s&issuer=", text);
	append_escaped(out, issuer);
	mem_wipe(text, sizeof text);
	return buf_failed(out) ? -ENOBUFS : 0;
}
