/*
 * What the codes in a PDF's strings mean (ISO 32000-1 section 9): the characters, by the font's map to
 * Unicode, the names of its glyphs, or its encoding; and how wide they are, which tells where words end.
 */
#ifndef EXTRACT_PDF_FONT_H
#define EXTRACT_PDF_FONT_H

#include "extract/pdf_file.h"

enum {
	/* Characters that one code stands for: "ffi" in letters has three. */
	PDF_CHARACTERS_MAX = 3,
	/* Ranges of codes in a font's map; a font of all Chinese characters has some 20,000 single ones. */
	PDF_RANGES_MAX = 32 << 10,
	/* Fonts that are kept, and octets of their maps: others are read anew. */
	PDF_FONTS_MAX = 32,
	PDF_FONT_MEMORY_MAX = 3 << 20,
};

/* Codes from first to last; the character of the first one grows with the code when there is only one. */
struct pdf_range {
	uint32_t first, last;
	int32_t characters[PDF_CHARACTERS_MAX]; /* 0 ends them */
};

struct pdf_width {
	uint32_t first, last;
	float width;
};

struct pdf_ranges {
	struct pdf_range *list; /* sorted by pdf_ranges_sort */
	size_t count, room;
};

struct pdf_font {
	struct view key; /* the bytes of its dictionary, by which it is found again */
	unsigned code_len;
	struct view charset; /* of codes of two octets that are those of a charset; else empty */
	struct pdf_ranges ranges;
	int32_t simple[256];      /* of codes of one octet that have no range; 0: none */
	struct pdf_width *widths; /* in thousandths of the font's size; sorted */
	size_t width_count;
	float default_width;
};

struct pdf_fonts {
	struct pdf_font list[PDF_FONTS_MAX];
	size_t count, next;
	size_t memory;
};

void pdf_fonts_done(struct pdf_fonts *fonts);

/* The font of a dictionary; valid until the next call. NULL: no memory, and the output has ended. */
const struct pdf_font *pdf_font(struct pdf_fonts *fonts, struct pdf *pdf, struct pdf_value dict);

/* The characters of a code, 0 behind the last; returns how many. */
size_t pdf_font_characters(
    const struct pdf_font *font, uint32_t code, int32_t characters[PDF_CHARACTERS_MAX]);
float pdf_font_width(const struct pdf_font *font, uint32_t code);

/* Adds a range. false: no memory, and the output has ended; what is beyond the limit is left out. */
bool pdf_ranges_add(struct pdf_ranges *r, struct pdf *pdf, const struct pdf_range *range);
void pdf_ranges_sort(struct pdf_ranges *r);

/* The map from codes to Unicode in a stream (section 9.10.3). The result as above. */
bool pdf_read_map(struct pdf *pdf, struct view map, struct pdf_ranges *ranges);

/* The characters of a glyph by its name, as Adobe's list has it; returns how many, 0 for an unknown one. */
size_t pdf_glyph(struct view name, int32_t characters[PDF_CHARACTERS_MAX]);

/* The character that fonts without an encoding of their own have at this code; 0: none. */
int32_t pdf_standard_encoding(unsigned code);

#endif
