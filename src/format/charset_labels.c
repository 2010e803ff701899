/*
 * What labels of charsets mean. First the table of the WHATWG's Encoding Standard (section 4.2, names and
 * labels), since that is what the programs that wrote the mail were tested against: text called ISO-8859-1
 * uses the quotes of windows-1252, GB2312 holds characters of GB18030. Where that standard refuses to read
 * a charset (HZ, ISO-2022-KR and -CN, as dangerous in a browser) mail needs it, and it is read. Then labels
 * that it does not know and mail has. A label that is in neither is compared without punctuation, then as a
 * number of a code page.
 */
#include "format/charset_labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/view.h"

#define GUESSED "" /* it says nothing, or only what any text is */

/* Both in the order of bsearch. */
static const struct charset_label standard[] = {
    {"866", "ibm866"},
    {"ansi_x3.4-1968", GUESSED},
    {"arabic", "iso-8859-6"},
    {"ascii", GUESSED},
    {"asmo-708", "iso-8859-6"},
    {"big5", "big5-hkscs"},
    {"big5-hkscs", "big5-hkscs"},
    {"chinese", "gb18030"},
    {"cn-big5", "big5-hkscs"},
    {"cp1250", "windows-1250"},
    {"cp1251", "windows-1251"},
    {"cp1252", "windows-1252"},
    {"cp1253", "windows-1253"},
    {"cp1254", "windows-1254"},
    {"cp1255", "windows-1255"},
    {"cp1256", "windows-1256"},
    {"cp1257", "windows-1257"},
    {"cp1258", "windows-1258"},
    {"cp819", "windows-1252"},
    {"cp866", "ibm866"},
    {"csbig5", "big5-hkscs"},
    {"cseuckr", "windows-949"},
    {"cseucpkdfmtjapanese", "euc-jp"},
    {"csgb2312", "gb18030"},
    {"csibm866", "ibm866"},
    {"csiso2022jp", "iso-2022-jp-2"},
    {"csiso2022kr", "iso-2022-kr"},
    {"csiso58gb231280", "gb18030"},
    {"csiso88596e", "iso-8859-6"},
    {"csiso88596i", "iso-8859-6"},
    {"csiso88598e", "iso-8859-8"},
    {"csiso88598i", "iso-8859-8"},
    {"csisolatin1", "windows-1252"},
    {"csisolatin2", "iso-8859-2"},
    {"csisolatin3", "iso-8859-3"},
    {"csisolatin4", "iso-8859-4"},
    {"csisolatin5", "windows-1254"},
    {"csisolatin6", "iso-8859-10"},
    {"csisolatin9", "iso-8859-15"},
    {"csisolatinarabic", "iso-8859-6"},
    {"csisolatincyrillic", "iso-8859-5"},
    {"csisolatingreek", "iso-8859-7"},
    {"csisolatinhebrew", "iso-8859-8"},
    {"cskoi8r", "koi8-r"},
    {"csksc56011987", "windows-949"},
    {"csmacintosh", "macintosh"},
    {"csshiftjis", "windows-31j"},
    {"csunicode", "utf-16"},
    {"cyrillic", "iso-8859-5"},
    {"dos-874", "windows-874"},
    {"ecma-114", "iso-8859-6"},
    {"ecma-118", "iso-8859-7"},
    {"elot_928", "iso-8859-7"},
    {"euc-jp", "euc-jp"},
    {"euc-kr", "windows-949"},
    {"gb18030", "gb18030"},
    {"gb2312", "gb18030"},
    {"gb_2312", "gb18030"},
    {"gb_2312-80", "gb18030"},
    {"gbk", "gb18030"},
    {"greek", "iso-8859-7"},
    {"greek8", "iso-8859-7"},
    {"hebrew", "iso-8859-8"},
    {"hz-gb-2312", "hz-gb-2312"},
    {"ibm819", "windows-1252"},
    {"ibm866", "ibm866"},
    {"iso-10646-ucs-2", "utf-16"},
    {"iso-2022-cn", "iso-2022-cn"},
    {"iso-2022-cn-ext", "iso-2022-cn-ext"},
    {"iso-2022-jp", "iso-2022-jp-2"},
    {"iso-2022-kr", "iso-2022-kr"},
    {"iso-8859-1", "windows-1252"},
    {"iso-8859-10", "iso-8859-10"},
    {"iso-8859-11", "windows-874"},
    {"iso-8859-13", "iso-8859-13"},
    {"iso-8859-14", "iso-8859-14"},
    {"iso-8859-15", "iso-8859-15"},
    {"iso-8859-16", "iso-8859-16"},
    {"iso-8859-2", "iso-8859-2"},
    {"iso-8859-3", "iso-8859-3"},
    {"iso-8859-4", "iso-8859-4"},
    {"iso-8859-5", "iso-8859-5"},
    {"iso-8859-6", "iso-8859-6"},
    {"iso-8859-6-e", "iso-8859-6"},
    {"iso-8859-6-i", "iso-8859-6"},
    {"iso-8859-7", "iso-8859-7"},
    {"iso-8859-8", "iso-8859-8"},
    {"iso-8859-8-e", "iso-8859-8"},
    {"iso-8859-8-i", "iso-8859-8"},
    {"iso-8859-9", "windows-1254"},
    {"iso-ir-100", "windows-1252"},
    {"iso-ir-101", "iso-8859-2"},
    {"iso-ir-109", "iso-8859-3"},
    {"iso-ir-110", "iso-8859-4"},
    {"iso-ir-126", "iso-8859-7"},
    {"iso-ir-127", "iso-8859-6"},
    {"iso-ir-138", "iso-8859-8"},
    {"iso-ir-144", "iso-8859-5"},
    {"iso-ir-148", "windows-1254"},
    {"iso-ir-149", "windows-949"},
    {"iso-ir-157", "iso-8859-10"},
    {"iso-ir-58", "gb18030"},
    {"iso8859-1", "windows-1252"},
    {"iso8859-10", "iso-8859-10"},
    {"iso8859-11", "windows-874"},
    {"iso8859-13", "iso-8859-13"},
    {"iso8859-14", "iso-8859-14"},
    {"iso8859-15", "iso-8859-15"},
    {"iso8859-2", "iso-8859-2"},
    {"iso8859-3", "iso-8859-3"},
    {"iso8859-4", "iso-8859-4"},
    {"iso8859-5", "iso-8859-5"},
    {"iso8859-6", "iso-8859-6"},
    {"iso8859-7", "iso-8859-7"},
    {"iso8859-8", "iso-8859-8"},
    {"iso8859-9", "windows-1254"},
    {"iso88591", "windows-1252"},
    {"iso885910", "iso-8859-10"},
    {"iso885911", "windows-874"},
    {"iso885913", "iso-8859-13"},
    {"iso885914", "iso-8859-14"},
    {"iso885915", "iso-8859-15"},
    {"iso88592", "iso-8859-2"},
    {"iso88593", "iso-8859-3"},
    {"iso88594", "iso-8859-4"},
    {"iso88595", "iso-8859-5"},
    {"iso88596", "iso-8859-6"},
    {"iso88597", "iso-8859-7"},
    {"iso88598", "iso-8859-8"},
    {"iso88599", "windows-1254"},
    {"iso_8859-1", "windows-1252"},
    {"iso_8859-15", "iso-8859-15"},
    {"iso_8859-1:1987", "windows-1252"},
    {"iso_8859-2", "iso-8859-2"},
    {"iso_8859-2:1987", "iso-8859-2"},
    {"iso_8859-3", "iso-8859-3"},
    {"iso_8859-3:1988", "iso-8859-3"},
    {"iso_8859-4", "iso-8859-4"},
    {"iso_8859-4:1988", "iso-8859-4"},
    {"iso_8859-5", "iso-8859-5"},
    {"iso_8859-5:1988", "iso-8859-5"},
    {"iso_8859-6", "iso-8859-6"},
    {"iso_8859-6:1987", "iso-8859-6"},
    {"iso_8859-7", "iso-8859-7"},
    {"iso_8859-7:1987", "iso-8859-7"},
    {"iso_8859-8", "iso-8859-8"},
    {"iso_8859-8:1988", "iso-8859-8"},
    {"iso_8859-9", "windows-1254"},
    {"iso_8859-9:1989", "windows-1254"},
    {"koi", "koi8-r"},
    {"koi8", "koi8-r"},
    {"koi8-r", "koi8-r"},
    {"koi8-ru", "koi8-u"},
    {"koi8-u", "koi8-u"},
    {"koi8_r", "koi8-r"},
    {"korean", "windows-949"},
    {"ks_c_5601-1987", "windows-949"},
    {"ks_c_5601-1989", "windows-949"},
    {"ksc5601", "windows-949"},
    {"ksc_5601", "windows-949"},
    {"l1", "windows-1252"},
    {"l2", "iso-8859-2"},
    {"l3", "iso-8859-3"},
    {"l4", "iso-8859-4"},
    {"l5", "windows-1254"},
    {"l6", "iso-8859-10"},
    {"l9", "iso-8859-15"},
    {"latin1", "windows-1252"},
    {"latin2", "iso-8859-2"},
    {"latin3", "iso-8859-3"},
    {"latin4", "iso-8859-4"},
    {"latin5", "windows-1254"},
    {"latin6", "iso-8859-10"},
    {"logical", "iso-8859-8"},
    {"mac", "macintosh"},
    {"macintosh", "macintosh"},
    {"ms932", "windows-31j"},
    {"ms_kanji", "windows-31j"},
    {"replacement", GUESSED},
    {"shift-jis", "windows-31j"},
    {"shift_jis", "windows-31j"},
    {"sjis", "windows-31j"},
    {"sun_eu_greek", "iso-8859-7"},
    {"tis-620", "windows-874"},
    {"ucs-2", "utf-16"},
    {"unicode", "utf-16"},
    {"unicode-1-1-utf-8", "utf-8"},
    {"unicode11utf8", "utf-8"},
    {"unicode20utf8", "utf-8"},
    {"unicodefeff", "utf-16le"},
    {"unicodefffe", "utf-16be"},
    {"us-ascii", GUESSED},
    {"utf-16", "utf-16"},
    {"utf-16be", "utf-16be"},
    {"utf-16le", "utf-16le"},
    {"utf-8", "utf-8"},
    {"utf8", "utf-8"},
    {"visual", "iso-8859-8"},
    {"windows-1250", "windows-1250"},
    {"windows-1251", "windows-1251"},
    {"windows-1252", "windows-1252"},
    {"windows-1253", "windows-1253"},
    {"windows-1254", "windows-1254"},
    {"windows-1255", "windows-1255"},
    {"windows-1256", "windows-1256"},
    {"windows-1257", "windows-1257"},
    {"windows-1258", "windows-1258"},
    {"windows-31j", "windows-31j"},
    {"windows-874", "windows-874"},
    {"windows-949", "windows-949"},
    {"x-cp1250", "windows-1250"},
    {"x-cp1251", "windows-1251"},
    {"x-cp1252", "windows-1252"},
    {"x-cp1253", "windows-1253"},
    {"x-cp1254", "windows-1254"},
    {"x-cp1255", "windows-1255"},
    {"x-cp1256", "windows-1256"},
    {"x-cp1257", "windows-1257"},
    {"x-cp1258", "windows-1258"},
    {"x-euc-jp", "euc-jp"},
    {"x-gbk", "gb18030"},
    {"x-mac-cyrillic", "x-mac-cyrillic"},
    {"x-mac-roman", "macintosh"},
    {"x-mac-ukrainian", "x-mac-cyrillic"},
    {"x-sjis", "windows-31j"},
    {"x-unicode20utf8", "utf-8"},
    {"x-user-defined", GUESSED},
    {"x-x-big5", "big5-hkscs"},
};

static const struct charset_label found_in_mail[] = {
    {"646", GUESSED},
    {"7bit", GUESSED},
    {"8bit", GUESSED},
    {"ansi", "windows-1252"},
    {"apple-roman", "macintosh"},
    {"baltic", "iso-8859-13"},
    {"big5-2003", "big5-hkscs"},
    {"big5-eten", "big5-hkscs"},
    {"big5-tw", "big5-hkscs"},
    {"big5hk", "big5-hkscs"},
    {"binary", GUESSED},
    {"charset", GUESSED},
    {"chinese-big5", "big5-hkscs"},
    {"cn-gb", "gb18030"},
    {"cngb", "gb18030"},
    {"cp367", GUESSED},
    {"csascii", GUESSED},
    {"csiso2022cn", "iso-2022-cn"},
    {"csiso2022jp2", "iso-2022-jp-2"},
    {"csunicode11utf7", "utf-7"},
    {"default", GUESSED},
    {"default_charset", GUESSED},
    {"euc-cn", "gb18030"},
    {"eucjp-ms", "euc-jp"},
    {"eucjp-open", "euc-jp"},
    {"eucjp-win", "euc-jp"},
    {"euckr-ms", "windows-949"},
    {"extended_unix_code_packed_format_for_japanese", "euc-jp"},
    {"gb", "gb18030"},
    {"gb18030-2000", "gb18030"},
    {"gb18030-2022", "gb18030"},
    {"gb2312-80", "gb18030"},
    {"gb2312.1980-0", "gb18030"},
    {"hz", "hz-gb-2312"},
    {"ibm367", GUESSED},
    {"iso-10646", "utf-16"},
    {"iso-10646-unicode-latin1", "utf-16"},
    {"iso-2022", "iso-2022-jp-2"},
    {"iso-2022-jp-1", "iso-2022-jp-2"},
    {"iso-2022-jp-2", "iso-2022-jp-2"},
    {"iso-2022-jp-2004", "iso-2022-jp-2"},
    {"iso-2022-jp-3", "iso-2022-jp-2"},
    {"iso-2022-jp-ms", "iso-2022-jp-2"},
    {"iso-celtic", "iso-8859-14"},
    {"iso-ir-179", "iso-8859-13"},
    {"iso-ir-199", "iso-8859-14"},
    {"iso-ir-203", "iso-8859-15"},
    {"iso-ir-226", "iso-8859-16"},
    {"iso-ir-6", GUESSED},
    {"iso-latin-1", "windows-1252"},
    {"iso-latin-10", "iso-8859-16"},
    {"iso-latin-2", "iso-8859-2"},
    {"iso-latin-3", "iso-8859-3"},
    {"iso-latin-4", "iso-8859-4"},
    {"iso-latin-5", "windows-1254"},
    {"iso-latin-6", "iso-8859-10"},
    {"iso-latin-7", "iso-8859-13"},
    {"iso-latin-8", "iso-8859-14"},
    {"iso-latin-9", "iso-8859-15"},
    {"iso646-us", GUESSED},
    {"iso_646.irv:1991", GUESSED},
    {"iso_8859-1-windows-3.1-latin-1", "windows-1252"},
    {"japanese", "windows-31j"},
    {"jis", "iso-2022-jp-2"},
    {"jis7", "iso-2022-jp-2"},
    {"jis8", "iso-2022-jp-2"},
    {"koi-8", "koi8-r"},
    {"koi8-uk", "koi8-u"},
    {"koi8r", "koi8-r"},
    {"ks_c_5601", "windows-949"},
    {"ks_x_1001", "windows-949"},
    {"ksc", "windows-949"},
    {"ksc5601-1987", "windows-949"},
    {"ksx1001", "windows-949"},
    {"l10", "iso-8859-16"},
    {"l7", "iso-8859-13"},
    {"l8", "iso-8859-14"},
    {"latin-1", "windows-1252"},
    {"latin0", "iso-8859-15"},
    {"latin10", "iso-8859-16"},
    {"latin7", "iso-8859-13"},
    {"latin8", "iso-8859-14"},
    {"latin9", "iso-8859-15"},
    {"maccentraleurope", "x-mac-ce"},
    {"macroman", "macintosh"},
    {"ms949", "windows-949"},
    {"mskanji", "windows-31j"},
    {"none", GUESSED},
    {"pck", "windows-31j"},
    {"plain", GUESSED},
    {"russian", "koi8-r"},
    {"shift_jis-2004", "windows-31j"},
    {"shift_jisx0213", "windows-31j"},
    {"sjis-win", "windows-31j"},
    {"text", GUESSED},
    {"thai", "windows-874"},
    {"tis-620-2533", "windows-874"},
    {"tis620-2533", "windows-874"},
    {"tis620.2533-0", "windows-874"},
    {"turkish", "windows-1254"},
    {"ucs2", "utf-16"},
    {"uhc", "windows-949"},
    {"ujis", "euc-jp"},
    {"unicode-1-1-utf-7", "utf-7"},
    {"unicode-2-0-utf-7", "utf-7"},
    {"unicode11utf7", "utf-7"},
    {"unknown", GUESSED},
    {"unknown-8bit", GUESSED},
    {"us", GUESSED},
    {"utf-16-bom", "utf-16"},
    {"utf-7", "utf-7"},
    {"utf-8-mac", "utf-8"},
    {"utf-8-sig", "utf-8"},
    {"utf-8n", "utf-8"},
    {"utf8mb4", "utf-8"},
    {"westeuropean", "windows-1252"},
    {"win-cyrillic", "windows-1251"},
    {"windows-ansi", "windows-1252"},
    {"windows-centraleurope", "windows-1250"},
    {"windows-cyrillic", "windows-1251"},
    {"windows-ee", "windows-1250"},
    {"windows-latin-1", "windows-1252"},
    {"windows-latin1", "windows-1252"},
    {"windows-latin2", "windows-1250"},
    {"x-ansi", "windows-1252"},
    {"x-ascii", GUESSED},
    {"x-big5", "big5-hkscs"},
    {"x-euc", "euc-jp"},
    {"x-euc-cn", "gb18030"},
    {"x-euc-kr", "windows-949"},
    {"x-gb18030", "gb18030"},
    {"x-iso-2022-jp", "iso-2022-jp-2"},
    {"x-jis", "iso-2022-jp-2"},
    {"x-mac-ce", "x-mac-ce"},
    {"x-mac-centraleurroman", "x-mac-ce"},
    {"x-macintosh", "macintosh"},
    {"x-macroman", "macintosh"},
    {"x-ms-cp932", "windows-31j"},
    {"x-unicode-2-0-utf-7", "utf-7"},
    {"x-unknown", GUESSED},
    {"x-unknown-8bit", GUESSED},
    {"x-windows-949", "windows-949"},
    {"x-windows-cyrillic", "windows-1251"},
    {"zh_tw-big5", "big5-hkscs"},
};

/* Numbers of Microsoft's and IBM's code pages, which stand in labels with many words before them. */
static const struct {
	unsigned number;
	const char *meaning;
} code_pages[] = {{819, "windows-1252"}, {866, "ibm866"}, {874, "windows-874"}, {912, "iso-8859-2"},
    {932, "windows-31j"}, {936, "gb18030"}, {943, "windows-31j"}, {949, "windows-949"}, {950, "big5-hkscs"},
    {951, "big5-hkscs"}, {1200, "utf-16le"}, {1201, "utf-16be"}, {1250, "windows-1250"},
    {1251, "windows-1251"}, {1252, "windows-1252"}, {1253, "windows-1253"}, {1254, "windows-1254"},
    {1255, "windows-1255"}, {1256, "windows-1256"}, {1257, "windows-1257"}, {1258, "windows-1258"},
    {10000, "macintosh"}, {10007, "x-mac-cyrillic"}, {10029, "x-mac-ce"}, {20127, GUESSED}, {20866, "koi8-r"},
    {20932, "euc-jp"}, {20936, "gb18030"}, {20949, "windows-949"}, {21866, "koi8-u"}, {28591, "windows-1252"},
    {28592, "iso-8859-2"}, {28593, "iso-8859-3"}, {28594, "iso-8859-4"}, {28595, "iso-8859-5"},
    {28596, "iso-8859-6"}, {28597, "iso-8859-7"}, {28598, "iso-8859-8"}, {28599, "windows-1254"},
    {28600, "iso-8859-10"}, {28603, "iso-8859-13"}, {28604, "iso-8859-14"}, {28605, "iso-8859-15"},
    {28606, "iso-8859-16"}, {38598, "iso-8859-8"}, {50220, "iso-2022-jp-2"}, {50221, "iso-2022-jp-2"},
    {50222, "iso-2022-jp-2"}, {50225, "iso-2022-kr"}, {50227, "iso-2022-cn"}, {51932, "euc-jp"},
    {51936, "gb18030"}, {51949, "windows-949"}, {52936, "hz-gb-2312"}, {54936, "gb18030"}, {65000, "utf-7"},
    {65001, "utf-8"}};

enum {
	STANDARD = sizeof standard / sizeof standard[0],
	FOUND = sizeof found_in_mail / sizeof found_in_mail[0]
};

size_t charset_labels_standard(void)
{
	return STANDARD;
}

const struct charset_label *charset_label_at(size_t n)
{
	if (n < STANDARD)
		return &standard[n];
	return n < STANDARD + FOUND ? &found_in_mail[n - STANDARD] : NULL;
}

static int compare(const void *label, const void *row)
{
	return strcmp(label, ((const struct charset_label *)row)->label);
}

static const char *find(const char *label)
{
	const struct charset_label *row = bsearch(label, standard, STANDARD, sizeof *row, compare);
	if (row == NULL)
		row = bsearch(label, found_in_mail, FOUND, sizeof *row, compare);
	return row ? row->meaning : NULL;
}

/* Letters and digits alone, in lower case: what people agree on when they write a label. */
static void squeeze(struct view label, char squeezed[CHARSET_LABEL_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < label.len && n + 1 < CHARSET_LABEL_MAX; i++)
		if (ascii_is_alnum(label.data[i]))
			squeezed[n++] = ascii_lower(label.data[i]);
	squeezed[n] = '\0';
}

static const char *find_squeezed(const char *wanted)
{
	const struct charset_label *row;
	char squeezed[CHARSET_LABEL_MAX];
	for (size_t n = 0; (row = charset_label_at(n)) != NULL; n++) {
		squeeze(view_from_string(row->label), squeezed);
		if (strcmp(squeezed, wanted) == 0)
			return row->meaning;
	}
	return NULL;
}

static const char *find_code_page(struct view squeezed)
{
	static const char *const words[] = {
	    "codepage", "windows", "win", "ansi", "dos", "ibm", "ms", "cp", ""};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct view word = view_from_string(words[i]);
		uint64_t number;
		if (!view_starts(squeezed, word) ||
		    !view_to_u64(view_skip(squeezed, word.len), 65535, &number))
			continue;
		for (size_t k = 0; k < sizeof code_pages / sizeof code_pages[0]; k++)
			if (code_pages[k].number == number)
				return code_pages[k].meaning;
	}
	return NULL;
}

static const char *find_without_punctuation(const char *squeezed)
{
	char with_iso[CHARSET_LABEL_MAX + 3] = "iso";
	const char *meaning = find_squeezed(squeezed);
	if (meaning == NULL)
		meaning = find_code_page(view_from_string(squeezed));
	if (meaning == NULL && strncmp(squeezed, "8859", 4) == 0)
		meaning = find_squeezed(strcat(with_iso, squeezed));
	if (meaning == NULL && strncmp(squeezed, "utf8", 4) == 0)
		meaning = "utf-8";
	return meaning;
}

/* Without what is put before labels and is no part of them: "x-", "cs", "charset=". */
static const char *find_loosely(const char *squeezed)
{
	static const char *const prefixes[] = {"charset", "x", "cs"};
	const char *meaning = find_without_punctuation(squeezed);
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0] && meaning == NULL; i++) {
		size_t len = strlen(prefixes[i]);
		if (strncmp(squeezed, prefixes[i], len) == 0 && squeezed[len])
			meaning = find_without_punctuation(squeezed + len);
	}
	return meaning;
}

const char *charset_meaning(struct view label)
{
	char name[CHARSET_LABEL_MAX] = "";
	label = view_trim(label);
	if (label.len == 0)
		return GUESSED;
	if (label.len >= CHARSET_LABEL_MAX)
		return NULL;
	for (size_t i = 0; i < label.len; i++)
		name[i] = ascii_lower(label.data[i]);
	const char *meaning = find(name);
	if (meaning)
		return meaning;
	squeeze(label, name);
	return name[0] ? find_loosely(name) : NULL;
}
