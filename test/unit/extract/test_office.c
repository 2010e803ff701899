#include "gather.h"
#include "zip_write.h"

#include "base/mem.h"
#include "extract/zip.h"

static struct extract_file document(struct zip_write *z, const char *type)
{
	return (struct extract_file){.type = view_from_string(type), .bytes = zip_write_end(z, "")};
}

static void part(struct zip_write *z, const char *name, const char *xml)
{
	zip_write_deflated(z, name, view_from_string(xml));
}

static void reads_word(void **state)
{
	(void)state;
	struct zip_write z;
	zip_write_begin(&z);
	zip_write_stored(&z, "[Content_Types].xml", "<Types/>");
	part(&z, "word/document.xml",
	    "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>"
	    "<w:document xmlns:w='urn:w' xmlns:mc='urn:mc' xmlns:a='urn:a'><w:body>"
	    "<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>Grü</w:t></w:r><w:r><w:t "
	    "xml:space='preserve'>ße an </w:t>"
	    "<w:tab/><w:t>alle</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
	    "<w:p><w:r><w:instrText>PAGE</w:instrText><mc:AlternateContent><mc:Choice><a:t>box</a:t></"
	    "mc:Choice>"
	    "<mc:Fallback><w:t>box</w:t></mc:Fallback></mc:AlternateContent><w:br/></w:r></w:p>"
	    "</w:body></w:document>");
	part(&z, "word/footnotes.xml",
	    "<w:footnotes xmlns:w='urn:w'><w:p><w:t>a note</w:t></w:p></w:footnotes>");
	part(&z, "word/styles.xml", "<w:styles xmlns:w='urn:w'><w:t>no text</w:t></w:styles>");
	part(&z, "docProps/core.xml",
	    "<c xmlns:d='urn:d'><d:title>Plan</d:title><d:creator>Ada</d:creator></c>");
	struct extract_file f = document(&z, "application/octet-stream");
	assert_text(&f, EXTRACT_ALL, "Grüße an \talle\nbox\n\na note\nPlan\nAda\n\n");
	zip_write_done(&z);
}

static void reads_excel(void **state)
{
	(void)state;
	struct zip_write z;
	zip_write_begin(&z);
	part(&z, "xl/workbook.xml",
	    "<workbook><sheets><sheet name='Umsätze' sheetId='1'/></sheets></workbook>");
	part(&z, "xl/sharedStrings.xml",
	    "<sst><si><t>Müller</t><rPh><t>sound</t></rPh></si><si><r><t>two "
	    "</t></r><r><t>runs</t></r></si></sst>");
	part(&z, "xl/worksheets/sheet1.xml",
	    "<worksheet><sheetData><row><c t='s'><v>0</v></c><c><v>12.5</v></c><c t='b'><v>1</v></c></row>"
	    "<row><c t='inlineStr'><is><t>inline</t></is></c><c "
	    "t='str'><f>A1&amp;\"x\"</f><v>made</v></c></row>"
	    "</sheetData></worksheet>");
	struct extract_file f = document(&z, "");
	assert_text(&f, EXTRACT_ALL, "Umsätze\nMüller\ntwo runs\n\t12.5\t\t\ninline\tmade\t\n");
	zip_write_done(&z);
}

static void reads_powerpoint(void **state)
{
	(void)state;
	struct zip_write z;
	zip_write_begin(&z);
	part(&z, "ppt/slides/slide1.xml",
	    "<p:sld xmlns:p='urn:p' "
	    "xmlns:a='urn:a'><a:p><a:r><a:t>Title</a:t></a:r><a:br/><a:r><a:t>Sub</a:t></a:r></a:p>"
	    "</p:sld>");
	part(&z, "ppt/slides/_rels/slide1.xml.rels", "<Relationships/>");
	part(&z, "ppt/notesSlides/notesSlide1.xml",
	    "<p:n xmlns:p='urn:p' xmlns:a='urn:a'><a:p><a:t>Say hello</a:t></a:p></p:n>");
	struct extract_file f = document(&z, "");
	assert_text(&f, EXTRACT_ALL, "Title\nSub\nSay hello\n");
	zip_write_done(&z);
}

static const char open_document[] =
    "<office:document xmlns:office='urn:o' xmlns:text='urn:t' xmlns:table='urn:b'><office:body>\n"
    " <text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>\n"
    " <text:h>Kapitel</text:h>\n "
    "<text:p>Ein<text:span>s</text:span><text:s/>zwei<text:tab/>drei<text:line-break/>vier"
    "<office:annotation><text:p>why?</text:p></office:annotation>!</text:p>\n"
    " <table:table-cell><text:p>cell</text:p></table:table-cell></office:body></office:document>";

static void reads_open_document(void **state)
{
	(void)state;
	static const char expected[] = "Kapitel\nEins zwei\tdrei\nvierwhy?\n!\ncell\n\t";
	struct zip_write z;
	zip_write_begin(&z);
	zip_write_stored(&z, "mimetype", "application/vnd.oasis.opendocument.text");
	part(&z, "content.xml", open_document);
	part(&z, "META-INF/manifest.xml", "<m/>");
	struct extract_file f = document(&z, "application/vnd.oasis.opendocument.text");
	assert_text(&f, EXTRACT_ALL, expected);
	zip_write_done(&z);
	f = (struct extract_file){.name = VIEW("a.fodt"), .bytes = VIEW(open_document)};
	assert_text(&f, EXTRACT_ALL, expected);
	f.bytes = view_take(f.bytes, f.bytes.len / 2);
	struct gathered g = {0};
	gather_file(&g, &f);
	assert_int_equal(g.verdict, EXTRACT_SOME);
	buf_done(&g.text);
}

static void tells_what_a_zip_file_holds(void **state)
{
	(void)state;
	struct zip_write z, inner;
	zip_write_begin(&inner);
	zip_write_stored(&inner, "secret.txt", "x");
	zip_write_begin(&z);
	zip_write_stored(&z, "photos/M\xc3\xbcnchen.jpg", "x");
	zip_write_raw(&z, "inner.zip", zip_write_end(&inner, ""), 0, 0, 0);
	zip_write_raw(&z, "locked.doc", VIEW("xxxx"), 4, 0, 1);
	struct extract_file f = document(&z, "application/zip");
	assert_text(&f, EXTRACT_ALL, "photos/München.jpg\ninner.zip\nlocked.doc\n");
	zip_write_done(&z);
	zip_write_done(&inner);
	f.bytes = VIEW("PK\3\4 cut");
	assert_text(&f, EXTRACT_UNREADABLE, "");
}

static void tells_what_is_whole_of_a_damaged_document(void **state)
{
	(void)state;
	struct zip_write z;
	zip_write_begin(&z);
	part(&z, "word/document.xml", "<d><p><t>begin</t></p><p><t>half");
	zip_write_raw(&z, "word/footnotes.xml", VIEW("\xff\xff"), 2, 8, 0);
	part(&z, "word/endnotes.xml", "<d><p><t>end</t></p></d>");
	struct extract_file f = document(&z, "");
	assert_text(&f, EXTRACT_SOME, "begin\nhalfend\n");
	zip_write_done(&z);
	zip_write_begin(&z);
	zip_write_raw(&z, "content.xml", VIEW("encrypted"), 9, 0, 1);
	f = document(&z, "");
	assert_text(&f, EXTRACT_UNREADABLE, "");
	zip_write_done(&z);
}

static void bounds_what_it_unpacks(void **state)
{
	(void)state;
	/* 32 MB of blanks in 32 KB: the budget ends it before the element does. */
	size_t len = 32 << 20;
	char *blanks = mem_alloc(len);
	memset(blanks, ' ', len);
	memcpy(blanks, "<a><t>x</t>", 11);
	struct zip_write z;
	zip_write_begin(&z);
	zip_write_deflated(&z, "word/document.xml", view_of(blanks, len));
	part(&z, "word/endnotes.xml", "<d><p><t>behind</t></p></d>");
	struct extract_file f = document(&z, "");
	assert_text(&f, EXTRACT_SOME, "x");
	zip_write_done(&z);
	mem_free(blanks);
}

static void says_when_memory_is_missing(void **state)
{
	(void)state;
	struct zip_write z;
	zip_write_begin(&z);
	part(&z, "word/document.xml", "<d><p><t>text</t></p></d>");
	struct extract_file f = document(&z, "");
	int failures = 0;
	for (unsigned n = 1; n < 100; n++) {
		struct gathered g = {0};
		buf_init(&g.text, 1000);
		assert_non_null(buf_reserve(&g.text, 1000));
		mem_fail_after(n);
		enum extract_verdict v = extract_text(&f, gather_piece, &g);
		bool came = !mem_fault_pending();
		mem_fail_after(0);
		assert_int_equal(v, came ? EXTRACT_NO_MEMORY : EXTRACT_ALL);
		failures += came;
		buf_done(&g.text);
	}
	assert_true(failures > 0);
	zip_write_done(&z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_word),
	    cmocka_unit_test(reads_excel),
	    cmocka_unit_test(reads_powerpoint),
	    cmocka_unit_test(reads_open_document),
	    cmocka_unit_test(tells_what_a_zip_file_holds),
	    cmocka_unit_test(tells_what_is_whole_of_a_damaged_document),
	    cmocka_unit_test(bounds_what_it_unpacks),
	    cmocka_unit_test(says_when_memory_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
