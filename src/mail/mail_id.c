/* Written by hand and not with printf: a list of mail shows thousands of ids. */
#include "mail/mail_id.h"

#include <string.h>

static size_t put_hex(char *out, uint64_t n)
{
	char digits[16];
	size_t at = sizeof digits;

	do
		digits[--at] = "0123456789abcdef"[n & 15];
	while (n >>= 4);
	memcpy(out, digits + at, sizeof digits - at);
	return sizeof digits - at;
}

static unsigned numbers_of(char letter)
{
	switch (letter) {
	case MAIL_ID_ACCOUNT:
		return 1;
	case MAIL_ID_MAILBOX:
	case MAIL_ID_EMAIL:
	case MAIL_ID_THREAD:
	case MAIL_ID_BLOB_EMAIL:
	case MAIL_ID_BLOB_UPLOAD:
	case MAIL_ID_SUBMISSION:
	case MAIL_ID_IDENTITY:
	case MAIL_ID_SCRIPT:
	case MAIL_ID_PUSH:
	case MAIL_ID_MASKED:
	case MAIL_ID_ACT:
	case MAIL_ID_SHARE_NOTE:
	case MAIL_ID_FILE_LINK:
		return 2;
	case MAIL_ID_BLOB_PART:
	case MAIL_ID_BLOB_UPLOAD_PART:
	case MAIL_ID_BLOB_SCRIPT:
	case MAIL_ID_DELETED:
		return 3;
	default:
		return 0;
	}
}

size_t mail_id_put(char out[static MAIL_ID_MAX], const struct mail_id *id)
{
	const uint64_t numbers[] = {id->account, id->number, id->part};
	unsigned count = numbers_of(id->letter);
	size_t len = 0;

	out[len++] = id->letter;
	for (unsigned i = 0; i < count; i++) {
		if (i)
			out[len++] = '-';
		len += put_hex(out + len, numbers[i]);
	}
	return len;
}

size_t mail_id_write(char out[static MAIL_ID_MAX], char letter, uint64_t account, uint64_t number)
{
	return mail_id_put(out, &(struct mail_id){.letter = letter, .account = account, .number = number});
}

size_t mail_account_id_write(char out[static MAIL_ID_MAX], uint64_t account)
{
	return mail_id_put(out, &(struct mail_id){.letter = MAIL_ID_ACCOUNT, .account = account});
}

static bool get_hex(struct view digits, uint64_t *n)
{
	uint64_t value = 0;

	if (digits.len == 0 || digits.len > 16 || (digits.len > 1 && digits.data[0] == '0'))
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.data[i];
		if (ascii_is_digit(c))
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*n = value;
	return true;
}

bool mail_id_get(struct view text, struct mail_id *id)
{
	uint64_t numbers[3] = {0};
	unsigned count = text.len ? numbers_of(text.data[0]) : 0, found = 0;
	struct view rest = view_skip(text, 1), digits;

	if (count == 0)
		return false;
	while (view_next(&rest, '-', &digits)) {
		if (found == count || !get_hex(digits, &numbers[found]))
			return false;
		found++;
	}
	if (found != count)
		return false;
	*id = (struct mail_id){text.data[0], numbers[0], numbers[1], numbers[2]};
	return true;
}

bool mail_id_read(struct view text, char letter, uint64_t *account, uint64_t *number)
{
	struct mail_id id;

	if (!mail_id_get(text, &id) || id.letter != letter || numbers_of(letter) != 2)
		return false;
	*account = id.account;
	*number = id.number;
	return true;
}

bool mail_account_id_read(struct view text, uint64_t *account)
{
	struct mail_id id;

	if (!mail_id_get(text, &id) || id.letter != MAIL_ID_ACCOUNT)
		return false;
	*account = id.account;
	return true;
}
