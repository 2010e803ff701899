/*
 * PDF (ISO 32000-1): the text of all pages, and what the document says of itself. An own reader: the
 * libraries for PDF are large, have errors by the dozen each year, and open files; one that another process
 * runs would need what no role here may have, a program to start. This one draws nothing, so it needs of PDF
 * the syntax, the older filters, and what the codes of fonts mean.
 *
 * Documents that need a password are not read, nor is text that is a picture.
 */
#include "extract/pdf_content.h"

#include "base/mem.h"

enum {
	/* Ancestors that are asked for a page's resources. */
	ANCESTORS_MAX = 32,
	/* Streams that make up a page. */
	STREAMS_MAX = 1000,
	/* Octets of a title or another text of the document's own. */
	TITLE_MAX = 4 << 10,
};

static struct pdf_value resources_of(struct pdf *pdf, struct pdf_value page)
{
	struct pdf_value found = pdf_get(pdf, page, "Resources");
	for (unsigned i = 0; found.kind != PDF_DICT && i < ANCESTORS_MAX; i++) {
		page = pdf_get(pdf, page, "Parent");
		if (page.kind != PDF_DICT)
			break;
		found = pdf_get(pdf, page, "Resources");
	}
	return found;
}

static void read_page(struct pdf *pdf, struct pdf_fonts *fonts, struct pdf_value page)
{
	struct buf contents;
	buf_init(&contents, PDF_STREAM_MAX);
	struct pdf_value streams = pdf_get(pdf, page, "Contents");
	bool read = true;
	if (streams.kind == PDF_ARRAY) {
		struct cursor in = pdf_inside(streams);
		for (unsigned i = 0; i < STREAMS_MAX && !cursor_at_end(&in); i++) {
			struct pdf_value v = pdf_next_or_reference(&in);
			if (v.kind != PDF_REFERENCE)
				break;
			read &= pdf_stream(pdf, v, &contents);
			/* A token does not go on in the next stream. */
			buf_append_byte(&contents, '\n');
		}
	} else if (streams.kind == PDF_DICT) {
		read = pdf_stream(pdf, streams, &contents);
	}
	pdf->damaged |= !read || buf_failed(&contents);
	pdf_content(pdf, fonts, buf_view(&contents), resources_of(pdf, page));
	buf_done(&contents);
}

/* A text of the document's own (section 7.9.2.2): UTF-16 or UTF-8 with a mark, else nearly windows-1252. */
static void tell_string(struct pdf *pdf, struct pdf_value dict, struct pdf_value v)
{
	struct buf bytes, text;
	buf_init(&bytes, TITLE_MAX);
	buf_init(&text, TITLE_MAX);
	pdf_string(v, &bytes);
	bool read = pdf_plain(pdf, dict, buf_view(&bytes), &text);
	struct view told = buf_view(&text);
	pdf->damaged |= buf_failed(&bytes) || !read;
	bool marked = view_starts(told, VIEW("\xfe\xff")) || view_starts(told, VIEW("\xff\xfe"));
	if (told.len > 0) {
		extract_tell_bytes(pdf->out, marked ? VIEW("utf-16") : VIEW("windows-1252"), told);
		extract_tell(pdf->out, VIEW("\n"));
	}
	buf_done(&bytes);
	buf_done(&text);
}

static void read_information(struct pdf *pdf)
{
	static const char *const keys[] = {"Title", "Author", "Subject", "Keywords"};
	struct pdf_value information = pdf_resolve(pdf, pdf_trailer(pdf, "/Info"));
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		tell_string(pdf, information, pdf_get(pdf, information, keys[i]));
}

void extract_pdf(const struct extract_file *file, struct extract_out *out)
{
	struct pdf pdf;
	struct pdf_fonts *fonts = mem_try(sizeof *fonts);
	bool pages = false;
	if (fonts == NULL) {
		extract_end(out, EXTRACT_NO_MEMORY);
		return;
	}
	*fonts = (struct pdf_fonts){0};
	if (pdf_open(&pdf, file->bytes, out)) {
		read_information(&pdf);
		for (size_t i = 0; i < pdf.count && out->verdict == EXTRACT_ALL; i++) {
			struct pdf_value page = pdf_object_value(&pdf, &pdf.objects[i]);
			if (!pdf_is_name(pdf_get(&pdf, page, "Type"), "Page"))
				continue;
			pages = true;
			read_page(&pdf, fonts, page);
		}
	}
	pdf_fonts_done(fonts);
	mem_free(fonts);
	pdf_close(&pdf);
	if (pdf.damaged || !pages)
		extract_end(out, EXTRACT_SOME);
}
