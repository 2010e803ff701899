/* Tables only: rtf.h. */
#include "extract/rtf.h"

static const struct {
	const char *word;
	enum rtf_kind kind;
	int value;
} words[] = {
    /* Sorted by what they are; a document has a hundred thousand words at most, so a plain search will do. */
    {"par", RTF_CHARACTER, '\n'},
    {"line", RTF_CHARACTER, '\n'},
    {"sect", RTF_CHARACTER, '\n'},
    {"page", RTF_CHARACTER, '\n'},
    {"column", RTF_CHARACTER, '\n'},
    {"row", RTF_CHARACTER, '\n'},
    {"nestrow", RTF_CHARACTER, '\n'},
    {"cell", RTF_CHARACTER, '\t'},
    {"nestcell", RTF_CHARACTER, '\t'},
    {"tab", RTF_CHARACTER, '\t'},
    {"emdash", RTF_CHARACTER, 0x2014},
    {"endash", RTF_CHARACTER, 0x2013},
    {"emspace", RTF_CHARACTER, ' '},
    {"enspace", RTF_CHARACTER, ' '},
    {"qmspace", RTF_CHARACTER, ' '},
    {"bullet", RTF_CHARACTER, 0x2022},
    {"lquote", RTF_CHARACTER, 0x2018},
    {"rquote", RTF_CHARACTER, 0x2019},
    {"ldblquote", RTF_CHARACTER, 0x201c},
    {"rdblquote", RTF_CHARACTER, 0x201d},
    {"zwj", RTF_CHARACTER, 0x200d},
    {"zwnj", RTF_CHARACTER, 0x200c},
    {"u", RTF_UNICODE, 0},
    {"uc", RTF_FALLBACK, 0},
    {"f", RTF_FONT, 0},
    {"fcharset", RTF_FONT_CHARSET, 0},
    {"fonttbl", RTF_FONT_TABLE, 0},
    {"ansicpg", RTF_CODE_PAGE, 0},
    {"ansi", RTF_CHARSET, 1252},
    {"mac", RTF_CHARSET, 10000},
    {"pc", RTF_CHARSET, 437},
    {"pca", RTF_CHARSET, 850},
    {"bin", RTF_BINARY, 0},
    /* Footnotes and headers are text; these are not. */
    {"colortbl", RTF_SKIP, 0},
    {"stylesheet", RTF_SKIP, 0},
    {"info", RTF_SKIP, 0},
    {"pict", RTF_SKIP, 0},
    {"objdata", RTF_SKIP, 0},
    {"sp", RTF_SKIP, 0},
    {"filetbl", RTF_SKIP, 0},
    {"revtbl", RTF_SKIP, 0},
    {"bkmkstart", RTF_SKIP, 0},
    {"bkmkend", RTF_SKIP, 0},
    {"xe", RTF_SKIP, 0},
    {"tc", RTF_SKIP, 0},
    {"fldinst", RTF_SKIP, 0},
    {"nonshppict", RTF_SKIP, 0},
    {"mmathPr", RTF_SKIP, 0},
    {"listtext", RTF_READ, 0},
    {"annotation", RTF_READ, 0},
    {"atnauthor", RTF_READ, 0},
    {"shpinst", RTF_READ, 0},
    {"shptxt", RTF_READ, 0},
    {"pn", RTF_SKIP, 0},
};

enum rtf_kind rtf_word(struct view word, int *value)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!view_equal(word, view_from_string(words[i].word)))
			continue;
		*value = words[i].value;
		return words[i].kind;
	}
	return RTF_NOTHING;
}

int rtf_code_page_of_charset(int charset)
{
	static const struct {
		int charset, code_page;
	} pages[] = {{0, 1252}, {77, 10000}, {128, 932}, {129, 949}, {130, 1361}, {134, 936}, {136, 950},
	    {161, 1253}, {162, 1254}, {163, 1258}, {177, 1255}, {178, 1256}, {186, 1257}, {204, 1251},
	    {222, 874}, {238, 1250}, {255, 437}};
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
		if (pages[i].charset == charset)
			return pages[i].code_page;
	return 0;
}

struct view rtf_label(int code_page)
{
	static const struct {
		int code_page;
		const char *label;
	} labels[] = {{437, "ibm437"}, {850, "ibm850"}, {852, "ibm852"}, {866, "ibm866"},
	    {874, "windows-874"}, {932, "shift_jis"}, {936, "gbk"}, {949, "euc-kr"}, {950, "big5"},
	    {1250, "windows-1250"}, {1251, "windows-1251"}, {1252, "windows-1252"}, {1253, "windows-1253"},
	    {1254, "windows-1254"}, {1255, "windows-1255"}, {1256, "windows-1256"}, {1257, "windows-1257"},
	    {1258, "windows-1258"}, {10000, "macintosh"}, {65001, "utf-8"}};
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		if (labels[i].code_page == code_page)
			return view_from_string(labels[i].label);
	return VIEW("windows-1252");
}
