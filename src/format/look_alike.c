/* Skeletons of names: see look_alike.h. Folding takes away cases, widths and diacritics, a table brings
 * letters of other scripts to Latin ones, and then what is alike in Latin becomes one. */
#include "format/look_alike.h"

#include "base/utf8.h"
#include "format/domain.h"
#include "format/fold.h"

/* Of folded text, so in upper case: each stands for the Latin letter that it is drawn like, in upper or in
 * lower case. Those of Cyrillic and Greek are the ones that domains can be registered with. */
static const struct {
	int32_t code_point;
	char latin;
} alike[] = {
    {0x0391, 'A'}, /* Alpha */
    {0x0392, 'B'}, /* Beta */
    {0x0395, 'E'}, /* Epsilon */
    {0x0397, 'H'}, /* Eta */
    {0x0399, 'I'}, /* Iota */
    {0x039a, 'K'}, /* Kappa */
    {0x039c, 'M'}, /* Mu */
    {0x039d, 'V'}, /* Nu, small as v */
    {0x039f, 'O'}, /* Omicron */
    {0x03a1, 'P'}, /* Rho */
    {0x03a4, 'T'}, /* Tau */
    {0x03a5, 'U'}, /* Upsilon, small as u */
    {0x03a7, 'X'}, /* Chi */
    {0x0405, 'S'}, /* Dze */
    {0x0406, 'I'}, /* I */
    {0x0408, 'J'}, /* Je */
    {0x0410, 'A'}, /* A */
    {0x0412, 'B'}, /* Ve */
    {0x0415, 'E'}, /* Ie */
    {0x041a, 'K'}, /* Ka */
    {0x041c, 'M'}, /* Em */
    {0x041d, 'H'}, /* En */
    {0x041e, 'O'}, /* O */
    {0x0420, 'P'}, /* Er */
    {0x0421, 'C'}, /* Es */
    {0x0422, 'T'}, /* Te */
    {0x0423, 'Y'}, /* U */
    {0x0425, 'X'}, /* Ha */
    {0x04ba, 'H'}, /* Shha */
    {0x04c0, 'I'}, /* Palochka */
    {0x0500, 'D'}, /* Komi De */
    {0x051a, 'Q'}, /* Qa */
    {0x051c, 'W'}, /* We */
};

static int32_t to_latin(int32_t c)
{
	for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++)
		if (alike[i].code_point == c)
			return alike[i].latin;
	switch (c) {
	case '1':
	case 'I':
		return 'L';
	case '0':
		return 'O';
	case '5':
		return 'S';
	default:
		return c;
	}
}

/* Two letters that are drawn like one; 0: they are not. */
static int32_t joined(int32_t a, int32_t b)
{
	if (a == 'R' && b == 'N')
		return 'M';
	if (a == 'V' && b == 'V')
		return 'W';
	if (a == 'C' && b == 'L')
		return 'D';
	return 0;
}

static int put_alike(struct view folded, struct buf *out)
{
	int32_t before = 0; /* not written yet */
	int error = 0;
	while (folded.len > 0 && error == 0) {
		int32_t c = utf8_next(&folded);
		if (c < 0 || c == '-' || c == '_')
			continue;
		c = to_latin(c);
		int32_t both = before ? joined(before, c) : 0;
		if (both) {
			before = both;
			continue;
		}
		if (before)
			error = utf8_append(out, before);
		before = c;
	}
	if (before && error == 0)
		error = utf8_append(out, before);
	return error;
}

/* Most names are ASCII, and are folded without the tables that others need. */
static bool is_plain(struct view name)
{
	static const char begin[] = "xn--";
	for (size_t i = 0; i + 4 <= name.len; i++)
		if (view_equal_nocase(view_take(view_skip(name, i), 4), view_from_string(begin)))
			return false;
	return utf8_is_ascii(name);
}

static int put_plain(struct view name, struct buf *out)
{
	struct buf upper;
	buf_init(&upper, name.len + 1);
	int error = 0;
	for (size_t i = 0; i < name.len && error == 0; i++) {
		char c = name.data[i];
		error = buf_append_byte(&upper, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
	}
	if (error == 0)
		error = put_alike(buf_view(&upper), out);
	buf_done(&upper);
	return error;
}

int look_alike_skeleton(struct view name, struct buf *out)
{
	if (is_plain(name))
		return put_plain(name, out);
	/* Of a name of one label, or of an address, what domain_display is for is the part behind the "@". */
	ptrdiff_t at = view_find_last(name, '@');
	struct view local = at < 0 ? (struct view){0} : view_take(name, (size_t)at + 1);
	struct view domain = view_skip(name, local.len);
	struct buf shown, folded, bare;
	buf_init(&shown, 8 * name.len + 1024);
	buf_init(&folded, 64 * (name.len + 64));
	buf_init(&bare, 64 * (name.len + 64));
	int error = buf_append(&shown, local);
	if (error == 0)
		error = domain_display(domain, &shown);
	if (error == 0)
		error = fold_casemap(buf_view(&shown), &folded);
	if (error == 0)
		error = fold_bare(buf_view(&folded), &bare);
	if (error == 0)
		error = put_alike(buf_view(&bare), out);
	buf_done(&shown);
	buf_done(&folded);
	buf_done(&bare);
	return error;
}
