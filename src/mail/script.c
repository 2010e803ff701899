/* Names of scripts: see script.h. */
#include "mail/script.h"

#include "base/utf8.h"

/* RFC 5804 section 1.6: controls, and the separators of lines and paragraphs. */
static bool is_forbidden(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == '/';
}

bool script_name_valid(struct view name)
{
	size_t characters = 0;
	if (view_empty(name) || name.len > SCRIPT_NAME_MAX || view_equal(name, VIEW(".")) ||
	    view_equal(name, VIEW("..")))
		return false;
	while (name.len > 0)
		if (is_forbidden(utf8_next(&name)) || ++characters > SCRIPT_NAME_CHARACTERS_MAX)
			return false;
	return true;
}
