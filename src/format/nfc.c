/* Normal form C by ICU. Most names are ASCII, and are that already. */
#include "format/nfc.h"

#include <errno.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/mem.h"
#include "base/utf8.h"

/* Normalised UTF-16 has at most three units for each one, and UTF-8 three octets for each unit. */
enum { GROWTH = 3 };

static int append_normal(struct view text, struct buf *out, UChar *units, UChar *normal, char *utf8)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t room = (int32_t)text.len, len = 0;
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
	u_strFromUTF8(units, room, &len, text.data, (int32_t)text.len, &status);
	len = unorm2_normalize(nfc, units, len, normal, room * GROWTH, &status);
	u_strToUTF8(utf8, room * GROWTH * GROWTH, &len, normal, len, &status);
	/* A text that fills its room has no NUL behind it: that is a warning, and no failure. */
	return U_FAILURE(status) ? -EINVAL : buf_append(out, view_of(utf8, (size_t)len));
}

int nfc_append(struct view text, struct buf *out)
{
	if (text.len > NFC_TEXT_MAX)
		return -EMSGSIZE;
	if (utf8_is_ascii(text))
		return buf_append(out, text);
	if (!utf8_valid(text))
		return -EINVAL;
	UChar *units = mem_array(text.len, sizeof *units);
	UChar *normal = mem_array(text.len * GROWTH, sizeof *normal);
	char *utf8 = mem_array(text.len, GROWTH * GROWTH);
	int error = append_normal(text, out, units, normal, utf8);
	mem_free(units);
	mem_free(normal);
	mem_free(utf8);
	return error;
}
