/* SASLprep, RFC 4013, through ICU's StringPrep profile. */
#include "trust/login/saslprep.h"

#include <errno.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>

#include "base/mem.h"
#include "trust/login/limits.h"

static bool is_printable_ascii(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_print(text.data[i]))
			return false;
	return true;
}

/* What is left of NFKC may be longer than what went in: one character can become eighteen. */
enum { UNITS_MAX = 4 * PASSWORD_MAX };

struct scratch {
	UChar text[PASSWORD_MAX + 1], prepared[UNITS_MAX];
	char utf8[3 * UNITS_MAX];
};

static int prepare(struct scratch *s, struct view text, struct buf *out)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t len = 0;
	UStringPrepProfile *profile = usprep_openByType(USPREP_RFC4013_SASLPREP, &status);
	u_strFromUTF8(s->text, PASSWORD_MAX, &len, text.data, (int32_t)text.len, &status);
	len = usprep_prepare(
	    profile, s->text, len, s->prepared, UNITS_MAX, USPREP_ALLOW_UNASSIGNED, NULL, &status);
	u_strToUTF8(s->utf8, sizeof s->utf8, &len, s->prepared, len, &status);
	usprep_close(profile);
	if (status == U_MEMORY_ALLOCATION_ERROR)
		return -ENOMEM;
	if (U_FAILURE(status) || len == 0)
		return -EINVAL;
	return buf_append(out, view_of(s->utf8, (size_t)len));
}

int saslprep(struct view text, struct buf *out)
{
	if (text.len == 0 || text.len > PASSWORD_MAX)
		return -EINVAL;
	if (is_printable_ascii(text))
		return buf_append(out, text);
	/* On the heap, because it is wiped: passwords must not stay on a stack. */
	struct scratch *s = mem_alloc(sizeof *s);
	int error = prepare(s, text, out);
	mem_wipe(s, sizeof *s);
	mem_free(s);
	return error;
}
