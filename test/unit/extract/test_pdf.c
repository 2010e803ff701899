#include "gather.h"
#include "pdf_encrypted.h"
#include "zip_write.h"

#include "base/mem.h"

/* A file under way: objects in their order, and a trailer. No table of references: none is read. */
static void begin(struct buf *pdf)
{
	buf_init(pdf, 16 << 20);
	buf_append_string(pdf, "%PDF-1.7\n");
}

static void object(struct buf *pdf, int number, const char *value)
{
	buf_printf(pdf, "%d 0 obj\n%s\nendobj\n", number, value);
}

static void stream(struct buf *pdf, int number, const char *keys, struct view bytes)
{
	buf_printf(pdf, "%d 0 obj\n<< %s /Length %zu >>\nstream\r\n", number, keys, bytes.len);
	buf_append(pdf, bytes);
	buf_append_string(pdf, "\nendstream\nendobj\n");
}

static void packed_stream(struct buf *pdf, int number, const char *keys, struct view bytes)
{
	struct buf packed, all;
	buf_init(&packed, 16 << 20);
	buf_init(&all, 1000);
	zip_deflate(bytes, 15, &packed);
	buf_printf(&all, "%s /Filter /FlateDecode", keys);
	stream(pdf, number, buf_string(&all), buf_view(&packed));
	buf_done(&packed);
	buf_done(&all);
}

/* One page with fonts F1 (simple) and F2 (two octets, with a map to Unicode). */
static void page(struct buf *pdf, const char *contents)
{
	begin(pdf);
	object(pdf, 1, "<</Type/Catalog/Pages 2 0 R>>");
	object(pdf, 2,
	    "<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F1 5 0 R/F2 6 0 R>>/XObject<</X 9 0 "
	    "R>>>>>>");
	object(pdf, 3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>");
	stream(pdf, 4, "", view_from_string(contents));
	object(pdf, 5,
	    "<</Type/Font/Subtype/Type1/FirstChar 32/Widths[250 250]/Encoding<</BaseEncoding/WinAnsiEncoding"
	    "/Differences[1/adieresis/f_f_i/uni20AC]>>>>");
	object(pdf, 6,
	    "<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 7 0 R"
	    "/DescendantFonts[<</DW 500/W[1[600 600] 10 20 700]>>]>>");
	packed_stream(pdf, 7, "",
	    VIEW(
	        "/CIDInit /ProcSet findresource begin 1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
	        "2 beginbfchar <0001> <041F> <0002> <D83DDE0A> endbfchar\n"
	        "2 beginbfrange <0010> <0020> <0430> <0030> <0031> [<00660066> <0041>] endbfrange end"));
}

static void assert_pdf(struct buf *pdf, enum extract_verdict verdict, const char *expected)
{
	struct extract_file f = {.type = VIEW("application/octet-stream"), .bytes = buf_view(pdf)};
	assert_text(&f, verdict, expected);
	buf_done(pdf);
}

static void reads_what_codes_mean(void **state)
{
	(void)state;
	struct buf pdf;
	page(&pdf, "BT /F1 12 Tf 72 700 Td (Gr\\374\xdf\\145 \\(a\\) \\\n\\1\\2\\3) Tj "
	           "/F2 12 Tf 0 -20 Td <0001 0010001100020030003199> Tj ET");
	assert_pdf(&pdf, EXTRACT_ALL, "Grüße (a) äffi€\nПаб😊ffA\n");
}

static void finds_where_words_and_lines_end(void **state)
{
	(void)state;
	struct buf pdf;
	page(&pdf, "BT /F1 10 Tf 14 TL 1 0 0 1 10 700 Tm [(on) 20 (e) -300 (two)] TJ T* (th) Tj (ree) Tj "
	           "100 0 Td (far) Tj (line-) ' (end) ' (Well-) ' (Known) ' ET "
	           "q 2 0 0 2 0 0 cm BT /F1 10 Tf 5 100 Td (scaled) Tj ET Q "
	           "q 1 0 0 1 300 0 cm BT /F1 10 Tf 5 200 Td (moved) Tj ET Q");
	assert_pdf(&pdf, EXTRACT_ALL, "one two\nthree far\nlineend\nWell-\nKnown\nscaled moved\n");
}

static void skips_what_is_no_text(void **state)
{
	(void)state;
	struct buf pdf;
	page(&pdf,
	    "% comment (no)\nBT /F1 10 Tf (a) Tj ET BI /W 1 /H 1 ID (x) Tj EIx\xff EI BT /F1 10 Tf (b) Tj ET "
	    "/Span <</ActualText (no)>> BDC EMC /Nothing Do (no) pop");
	assert_pdf(&pdf, EXTRACT_ALL, "a b\n");
}

static void reads_streams_in_pieces_and_by_all_filters(void **state)
{
	(void)state;
	struct buf pdf;
	page(&pdf, "");
	object(&pdf, 3, "<</Type/Page/Parent 2 0 R/Contents[10 0 R 11 0 R 12 0 R 13 0 R]>>");
	packed_stream(&pdf, 10, "", VIEW("BT /F1 10 Tf (flate) Tj"));
	stream(&pdf, 11, "/Filter[/ASCIIHexDecode]", VIEW("20 28 68 65 78 29 20 54 6a>"));
	/* "(a85) Tj " */
	stream(&pdf, 12, "/Filter/ASCII85Decode", VIEW("<~-t,(m.3MT)+9~>"));
	/* The example of the standard, section 7.4.4.2: octets 45 45 45 45 45 65 45 45 45 66, which show
	 * nothing. */
	stream(&pdf, 13, "/Filter/LZWDecode", view_of("\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", 9));
	struct gathered g = {0};
	struct extract_file f = {.bytes = buf_view(&pdf)};
	gather_file(&g, &f);
	assert_int_equal(g.verdict, EXTRACT_ALL);
	assert_string_equal(buf_string(&g.text), "flatehexa85\n");
	buf_done(&g.text);
	buf_done(&pdf);
}

static void reads_objects_that_are_packed(void **state)
{
	(void)state;
	struct buf pdf;
	page(&pdf, "BT /F1 10 Tf (old) Tj ET");
	packed_stream(&pdf, 20, "/Type/ObjStm/N 2/First 10",
	    VIEW("3 0 21 48 <</Type/Page/Parent 2 0 R/Contents 22 0 R     >> "
	         "<</Title(Pl\\344ne)/Author<FEFF0410>>>"));
	stream(&pdf, 22, "", VIEW("BT /F1 10 Tf (new) Tj ET"));
	stream(&pdf, 23, "/Type/XRef/Info 21 0 R", VIEW(""));
	assert_pdf(&pdf, EXTRACT_ALL, "Pläne\nА\nnew\n");
}

static void reads_forms_but_not_without_end(void **state)
{
	(void)state;
	struct buf pdf;
	page(&pdf, "/X Do");
	stream(&pdf, 9, "/Subtype/Form/Matrix[1 0 0 1 0 0]", VIEW("BT /F1 10 Tf (form) Tj ET"));
	assert_pdf(&pdf, EXTRACT_ALL, "form\n");
	/* A form that shows itself ten times, in each of its own showings. */
	page(&pdf, "/X Do");
	stream(&pdf, 9, "/Subtype/Form", VIEW("/X Do /X Do /X Do /X Do /X Do /X Do /X Do /X Do /X Do /X Do"));
	assert_pdf(&pdf, EXTRACT_UNREADABLE, "");
}

static void survives_what_is_damaged(void **state)
{
	(void)state;
	struct buf pdf;
	/* A length that is wrong, or another object's that is missing. */
	page(&pdf, "");
	buf_append_string(&pdf, "4 0 obj <</Length 3>>\nstream\nBT /F1 10 Tf (wrong) Tj ET\nendstream\n");
	assert_pdf(&pdf, EXTRACT_ALL, "wrong\n");
	page(&pdf, "");
	buf_append_string(&pdf, "4 0 obj <</Length 99 0 R>>stream\nBT /F1 10 Tf (gone) Tj ET");
	assert_pdf(&pdf, EXTRACT_ALL, "gone\n");
	/* References in circles. */
	page(&pdf, "");
	object(&pdf, 4, "4 0 R");
	assert_pdf(&pdf, EXTRACT_ALL, "");
	begin(&pdf);
	object(&pdf, 1, "<</Type/Page/Parent 1 0 R/Contents[[[[<<(");
	assert_pdf(&pdf, EXTRACT_ALL, "");
	begin(&pdf);
	assert_pdf(&pdf, EXTRACT_UNREADABLE, "");
	page(&pdf, "BT /F1 10 Tf (secret) Tj ET");
	buf_append_string(&pdf, "trailer <</Root 1 0 R/Encrypt <</Filter/Other>> >>");
	assert_pdf(&pdf, EXTRACT_UNREADABLE, "");
}

static void opens_what_is_encrypted_without_a_password(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof encrypted / sizeof encrypted[0]; i++) {
		struct extract_file f = {.bytes = view_of(encrypted[i].bytes, encrypted[i].len)};
		print_message("%s\n", encrypted[i].how);
		assert_text(&f, EXTRACT_ALL, "Name\nopened\n");
		/* One octet of what the key is made of, or of the proof that it is right, is another one. */
		char *copy = mem_alloc(f.bytes.len);
		memcpy(copy, f.bytes.data, f.bytes.len);
		f.bytes.data = copy;
		char *u = memmem(copy, f.bytes.len, "/U <", 4);
		assert_non_null(u);
		u[5] = u[5] == '0' ? '1' : '0';
		assert_text(&f, EXTRACT_UNREADABLE, "");
		mem_free(copy);
	}
}

static void bounds_work(void **state)
{
	(void)state;
	/* 20,000 pages of the same three megabytes. */
	struct buf pdf, blanks;
	page(&pdf, "");
	buf_init(&blanks, 4 << 20);
	memset(buf_reserve(&blanks, 3 << 20), ' ', 3 << 20);
	buf_commit(&blanks, 3 << 20);
	packed_stream(&pdf, 4, "", buf_view(&blanks));
	for (int i = 0; i < 20000; i++)
		object(&pdf, 100 + i, "<</Type/Page/Contents 4 0 R>>");
	assert_pdf(&pdf, EXTRACT_UNREADABLE, "");
	buf_done(&blanks);
}

static void says_when_memory_is_missing(void **state)
{
	(void)state;
	struct buf pdf;
	int failures = 0;
	page(&pdf, "BT /F2 10 Tf <0001> Tj ET");
	packed_stream(&pdf, 20, "/Type/ObjStm/N 1/First 5", VIEW("21 0 <</Title(x)>>"));
	struct extract_file f = {.bytes = buf_view(&pdf)};
	for (unsigned n = 1; n < 300; n++) {
		struct gathered g = {0};
		buf_init(&g.text, 1000);
		assert_non_null(buf_reserve(&g.text, 1000));
		mem_fail_after(n);
		enum extract_verdict v = extract_text(&f, gather_piece, &g);
		bool came = !mem_fault_pending();
		mem_fail_after(0);
		/* What memory was missing for may have been of no use; but nothing passes for whole that is
		 * not. */
		if (came && v == EXTRACT_ALL)
			assert_string_equal(buf_string(&g.text), "П\n");
		assert_true(came || v == EXTRACT_ALL);
		failures += v != EXTRACT_ALL;
		buf_done(&g.text);
	}
	assert_true(failures > 5);
	buf_done(&pdf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_codes_mean),
	    cmocka_unit_test(finds_where_words_and_lines_end),
	    cmocka_unit_test(skips_what_is_no_text),
	    cmocka_unit_test(reads_streams_in_pieces_and_by_all_filters),
	    cmocka_unit_test(reads_objects_that_are_packed),
	    cmocka_unit_test(reads_forms_but_not_without_end),
	    cmocka_unit_test(survives_what_is_damaged),
	    cmocka_unit_test(opens_what_is_encrypted_without_a_password),
	    cmocka_unit_test(bounds_work),
	    cmocka_unit_test(says_when_memory_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
