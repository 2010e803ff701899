/* The machine that a page's contents drive, as far as text goes: pdf_content.h. */
#include "extract/pdf_content.h"

#include <math.h>

enum {
	/* Operands of one operator: a path's have six, those that matter here at most six. */
	OPERANDS_MAX = 8,
	/* Saved states; writers nest some ten. */
	STATES_MAX = 32,
	/* Pages within pages. */
	FORMS_MAX = 6,
	/* Octets of one string that is shown: a line of text. */
	SHOWN_MAX = 32 << 10,
	/* Octets of all contents that are open: a page's, and of each form in it. */
	OPEN_MAX = 4 << 20,
	/* What opening a form costs at least, so that forms that show each other come to an end. */
	FORM_WORK = 16 << 10,
	/* The same for asking for a font. */
	FONT_WORK = 256,
};

struct matrix {
	double a, b, c, d, e, f;
};

static const struct matrix identity = {1, 0, 0, 1, 0, 0};

/* First m, then n. */
static struct matrix multiply(struct matrix m, struct matrix n)
{
	return (struct matrix){m.a * n.a + m.b * n.c, m.a * n.b + m.b * n.d, m.c * n.a + m.d * n.c,
	    m.c * n.b + m.d * n.d, m.e * n.a + m.f * n.c + n.e, m.e * n.b + m.f * n.d + n.f};
}

struct state {
	struct matrix page; /* from the operators' space to the page's */
	struct pdf_value font;
	double size, character_space, word_space, scale, leading;
};

struct machine {
	struct pdf *pdf;
	struct pdf_fonts *fonts;
	struct state state, saved[STATES_MAX];
	size_t depth;
	unsigned too_deep;
	struct matrix text, line;
	/* Where the last string ended, in the page's space. */
	bool shown, blank;
	/*
	 * A hyphen behind a letter is held until it is known what follows: at a line's end, before a small
	 * letter, it only breaks a word.
	 */
	bool after_letter, line_ended;
	int32_t hyphen;
	double x, y, height;
	unsigned forms;
	size_t open; /* octets of contents */
};

static void run(struct machine *m, struct view contents, struct pdf_value resources);

/* ---- Showing ---- */

static bool is_letter(int32_t c)
{
	return c >= 0xc0 || (c < 0x80 && ascii_is_alpha((char)c));
}

static void tell_held(struct machine *m, bool word_goes_on)
{
	if (m->hyphen && !(m->line_ended && word_goes_on)) {
		extract_tell_char(m->pdf->out, m->hyphen);
		if (m->line_ended)
			extract_tell_char(m->pdf->out, '\n');
	}
	m->hyphen = 0;
	m->line_ended = false;
}

static void tell(struct machine *m, int32_t c)
{
	static const char *const ligatures[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};
	struct extract_out *out = m->pdf->out;
	if (c == '\n' && m->hyphen) {
		m->line_ended = true;
		return;
	}
	tell_held(m, is_letter(c) && !(c >= 'A' && c <= 'Z'));
	bool hyphen = m->after_letter && (c == '-' || c == 0xad || c == 0x2010);
	m->after_letter = is_letter(c);
	m->blank = c <= ' ' || c == 0xa0;
	if (hyphen)
		m->hyphen = c;
	else if (c >= 0xfb00 && c <= 0xfb06)
		extract_tell(out, view_from_string(ligatures[c - 0xfb00]));
	else
		extract_tell_char(out, c);
}

/* Tells what lies between the last string and one that begins at (x, y): a line end, a blank, or nothing. */
static void tell_gap(struct machine *m, struct matrix at, double height)
{
	double length = hypot(at.a, at.b);
	if (m->shown && length > 0) {
		double dx = at.e - m->x, dy = at.f - m->y;
		double along = (dx * at.a + dy * at.b) / length, across = (dy * at.a - dx * at.b) / length;
		double line = fmax(height, m->height);
		/* What is no number compares as false, and keeps words apart. */
		bool same_line = fabs(across) < 0.5 * line;
		bool joined = along < 0.17 * line && along > -0.5 * line;
		if (!same_line)
			tell(m, '\n');
		else if (!joined && !m->blank)
			tell(m, ' ');
	}
	m->shown = true;
	m->height = height;
}

/* The characters of one code. */
static void tell_code(struct machine *m, const struct pdf_font *font, uint32_t code)
{
	int32_t characters[PDF_CHARACTERS_MAX];
	size_t count = pdf_font_characters(font, code, characters);
	for (size_t i = 0; i < count; i++)
		tell(m, characters[i]);
}

static double show_codes(struct machine *m, const struct pdf_font *font, struct view codes)
{
	const struct state *s = &m->state;
	double width = 0;
	if (font->charset.len > 0) {
		tell_held(m, false);
		extract_tell_bytes(m->pdf->out, font->charset, codes);
		m->blank = false;
	}
	struct cursor in = cursor_on(codes);
	while (in.rest.len >= font->code_len) {
		uint32_t code = font->code_len == 1 ? cursor_u8(&in) : cursor_u16(&in);
		if (font->charset.len == 0)
			tell_code(m, font, code);
		width += (double)pdf_font_width(font, code) / 1000 * s->size + s->character_space;
		if (font->code_len == 1 && code == ' ')
			width += s->word_space;
	}
	return width * s->scale;
}

static void move_pen(struct machine *m, double width)
{
	m->text = multiply((struct matrix){1, 0, 0, 1, width, 0}, m->text);
}

static void show(struct machine *m, struct pdf_value string)
{
	if (m->state.font.kind != PDF_DICT || !pdf_charge(m->pdf, FONT_WORK + string.text.len))
		return;
	const struct pdf_font *font = pdf_font(m->fonts, m->pdf, m->state.font);
	if (font == NULL)
		return;
	struct buf codes;
	buf_init(&codes, SHOWN_MAX);
	pdf_string(string, &codes);
	m->pdf->damaged |= buf_failed(&codes);
	struct matrix at = multiply(m->text, m->state.page);
	if (buf_view(&codes).len > 0)
		tell_gap(m, at, fabs(m->state.size) * hypot(at.c, at.d));
	move_pen(m, show_codes(m, font, buf_view(&codes)));
	buf_done(&codes);
	at = multiply(m->text, m->state.page);
	m->x = at.e;
	m->y = at.f;
}

/* TJ: strings, and how far the pen goes back between them. */
static void show_array(struct machine *m, struct pdf_value array)
{
	struct cursor in = pdf_inside(array);
	while (m->pdf->out->verdict == EXTRACT_ALL) {
		struct pdf_value v = pdf_next(&in);
		if (v.kind == PDF_NONE)
			return;
		if (v.kind == PDF_NUMBER)
			move_pen(m, -pdf_number(v) / 1000 * m->state.size * m->state.scale);
		else
			show(m, v);
	}
}

/* ---- Operators ---- */

static void next_line(struct machine *m, double x, double y)
{
	m->line = multiply((struct matrix){1, 0, 0, 1, x, y}, m->line);
	m->text = m->line;
}

static struct matrix matrix_of(const struct pdf_value *v)
{
	return (struct matrix){pdf_number(v[0]), pdf_number(v[1]), pdf_number(v[2]), pdf_number(v[3]),
	    pdf_number(v[4]), pdf_number(v[5])};
}

static void save(struct machine *m)
{
	if (m->depth < STATES_MAX)
		m->saved[m->depth++] = m->state;
	else
		m->too_deep++;
}

static void restore(struct machine *m)
{
	if (m->too_deep > 0)
		m->too_deep--;
	else if (m->depth > 0)
		m->state = m->saved[--m->depth];
}

static void set_font(
    struct machine *m, struct pdf_value resources, struct pdf_value name, struct pdf_value size)
{
	struct pdf_value fonts = pdf_get(m->pdf, resources, "Font");
	m->state.font = pdf_get_view(m->pdf, fonts, name.text);
	m->state.size = pdf_number(size);
}

/* Do: a form is contents of its own; a picture is none. */
static void show_form(struct machine *m, struct pdf_value resources, struct pdf_value name)
{
	struct pdf *pdf = m->pdf;
	struct pdf_value form = pdf_get_view(pdf, pdf_get(pdf, resources, "XObject"), name.text);
	if (!pdf_is_name(pdf_get(pdf, form, "Subtype"), "Form") || m->forms == FORMS_MAX ||
	    !pdf_charge(pdf, FORM_WORK))
		return;
	struct buf contents;
	buf_init(&contents, OPEN_MAX - m->open);
	if (!pdf_stream(pdf, form, &contents)) {
		pdf->damaged = true;
	} else {
		struct pdf_value own = pdf_get(pdf, form, "Resources"), numbers[6];
		struct cursor in = pdf_inside(pdf_get(pdf, form, "Matrix"));
		for (size_t i = 0; i < 6; i++)
			numbers[i] = pdf_next(&in);
		struct state before = m->state;
		size_t depth = m->depth;
		if (numbers[5].kind == PDF_NUMBER)
			m->state.page = multiply(matrix_of(numbers), m->state.page);
		m->forms++;
		m->open += buf_view(&contents).len;
		run(m, buf_view(&contents), own.kind == PDF_DICT ? own : resources);
		m->open -= buf_view(&contents).len;
		m->forms--;
		m->state = before;
		m->depth = depth < m->depth ? depth : m->depth;
	}
	buf_done(&contents);
}

/* BI ... ID, the bytes of a picture, EI. */
static void skip_picture(struct cursor *in)
{
	while (!cursor_at_end(in)) {
		struct pdf_value v = pdf_next(in);
		if (v.kind == PDF_WORD && view_equal(v.text, VIEW("ID")))
			break;
	}
	for (size_t i = 0; i + 2 < in->rest.len; i++) {
		struct view rest = view_skip(in->rest, i);
		bool blank = rest.data[0] == ' ' || rest.data[0] == '\n' || rest.data[0] == '\r';
		if (blank && rest.data[1] == 'E' && rest.data[2] == 'I' &&
		    (rest.len == 3 || (unsigned char)rest.data[3] <= ' ')) {
			in->rest = view_skip(rest, 3);
			return;
		}
	}
	in->rest = VIEW("");
}

/* Operators by name; those that show, and those that say where. `v` has six operands, the last ones. */
static void act(struct machine *m, struct view op, const struct pdf_value *v, struct pdf_value resources)
{
	struct state *s = &m->state;
	const struct pdf_value *last = &v[5];
	if (view_equal(op, VIEW("Tj"))) {
		show(m, *last);
	} else if (view_equal(op, VIEW("TJ"))) {
		show_array(m, *last);
	} else if (view_equal(op, VIEW("'"))) {
		next_line(m, 0, -s->leading);
		show(m, *last);
	} else if (view_equal(op, VIEW("\""))) {
		s->word_space = pdf_number(v[3]);
		s->character_space = pdf_number(v[4]);
		next_line(m, 0, -s->leading);
		show(m, *last);
	} else if (view_equal(op, VIEW("Tf"))) {
		set_font(m, resources, v[4], v[5]);
	} else if (view_equal(op, VIEW("Td"))) {
		next_line(m, pdf_number(v[4]), pdf_number(v[5]));
	} else if (view_equal(op, VIEW("TD"))) {
		s->leading = -pdf_number(*last);
		next_line(m, pdf_number(v[4]), pdf_number(v[5]));
	} else if (view_equal(op, VIEW("T*"))) {
		next_line(m, 0, -s->leading);
	} else if (view_equal(op, VIEW("Tm"))) {
		m->text = m->line = matrix_of(v);
	} else if (view_equal(op, VIEW("BT"))) {
		m->text = m->line = identity;
	} else if (view_equal(op, VIEW("TL"))) {
		s->leading = pdf_number(*last);
	} else if (view_equal(op, VIEW("Tc"))) {
		s->character_space = pdf_number(*last);
	} else if (view_equal(op, VIEW("Tw"))) {
		s->word_space = pdf_number(*last);
	} else if (view_equal(op, VIEW("Tz"))) {
		s->scale = pdf_number(*last) / 100;
	} else if (view_equal(op, VIEW("q"))) {
		save(m);
	} else if (view_equal(op, VIEW("Q"))) {
		restore(m);
	} else if (view_equal(op, VIEW("cm"))) {
		s->page = multiply(matrix_of(v), s->page);
	} else if (view_equal(op, VIEW("Do"))) {
		show_form(m, resources, *last);
	}
}

static void run(struct machine *m, struct view contents, struct pdf_value resources)
{
	struct pdf_value operands[OPERANDS_MAX + 6], none = {PDF_NONE, VIEW("")};
	size_t count = 0;
	struct cursor in = cursor_on(contents);
	if (!pdf_charge(m->pdf, contents.len))
		return;
	while (m->pdf->out->verdict == EXTRACT_ALL) {
		struct pdf_value v = pdf_next(&in);
		if (v.kind == PDF_NONE)
			return;
		if (v.kind != PDF_WORD) {
			/* The last ones count: they are moved up when there are too many. */
			if (count == OPERANDS_MAX)
				for (count = 0; count + 1 < OPERANDS_MAX; count++)
					operands[6 + count] = operands[6 + count + 1];
			operands[6 + count++] = v;
			continue;
		}
		for (size_t i = 0; i < 6; i++)
			operands[i] = none;
		if (view_equal(v.text, VIEW("BI")))
			skip_picture(&in);
		else
			act(m, v.text, &operands[count], resources);
		count = 0;
	}
}

void pdf_content(struct pdf *pdf, struct pdf_fonts *fonts, struct view contents, struct pdf_value resources)
{
	struct machine m = {
	    .pdf = pdf, .fonts = fonts, .text = identity, .line = identity, .open = contents.len};
	m.state.page = identity;
	m.state.scale = 1;
	run(&m, contents, resources);
	tell_held(&m, false);
	if (m.shown)
		extract_tell(pdf->out, VIEW("\n"));
}
