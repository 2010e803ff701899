#include "gather.h"

static void assert_calendar(const char *bytes, const char *expected)
{
	struct extract_file f = {.type = VIEW("text/calendar"), .bytes = view_from_string(bytes)};
	assert_text(&f, EXTRACT_ALL, expected);
}

static void reads_what_people_wrote_of_an_event(void **state)
{
	(void)state;
	assert_calendar("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Ex//EN\r\nX-WR-CALNAME:Team\r\n"
	                "BEGIN:VEVENT\r\nUID:1@example.test\r\nDTSTART;TZID=Europe/Berlin:20260101T100000\r\n"
	                "SUMMARY;LANGUAGE=de:Gro\xc3\x9f"
	                "e Runde\\, alle\\; auch du\r\n"
	                "DESCRIPTION:Zeile eins\\nZeile zwei ist gefal\r\n tet\\\\\r\n"
	                "LOCATION:Raum 5\r\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\nRRULE:FREQ=DAILY\r\n"
	                "ATTENDEE;PARTSTAT=ACCEPTED;CN=\"Bob; the builder\":mailto:bob@example.test\r\n"
	                "ORGANIZER;CN=Alice:mailto:alice@example.test\r\n"
	                "END:VEVENT\r\nEND:VCALENDAR\r\n",
	    "Team\nGroße Runde, alle; auch du\nZeile eins\nZeile zwei ist gefaltet\\\nRaum 5\n"
	    "Bob; the builder bob@example.test\nAlice alice@example.test\n");
}

static void reads_cards_of_all_versions(void **state)
{
	(void)state;
	assert_calendar("BEGIN:VCARD\nVERSION:4.0\nFN:Ada Lovelace\nN:Lovelace;Ada;;;\n"
	                "item1.EMAIL;TYPE=work:ada@example.test\nitem1.X-ABLabel:Mill\n"
	                "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\n SkZJRg\nLOGO:data:image/png;base64,AAAA\n"
	                "NOTE:Number\\Nengine\nEND:VCARD\n",
	    "Ada Lovelace\nLovelace Ada   \nada@example.test\nMill\nNumber\nengine\n");
	assert_calendar(
	    "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6=\r\n"
	    "rg\r\nTEL;CELL:123\r\nNOTE;QUOTED-PRINTABLE:a=3Db=\r\n=3Dc\r\n"
	    "PHOTO;JPEG;BASE64:\r\n  /9j/4AAQ\r\n\r\nORG:Ex\r\nEND:VCARD\r\n",
	    "Müller Jörg\n123\na=b=c\nEx\n");
}

static void reads_what_is_broken(void **state)
{
	(void)state;
	assert_calendar("", "");
	assert_calendar("\r\n \r\n\t\r\nno colon\r\n:no name\r\nSUMMARY:end\\", "end\n");
	assert_calendar("SUMMARY;CN=\"open:a\nLOCATION:b", "b\n");
	assert_calendar("SUMMARY;X=\"a\"junk\"b\":c\nSUMMARY\\;:d\n", "c\n");
	assert_calendar("NOTE;QUOTED-PRINTABLE:a=", "a\n");
	assert_calendar("SUMMARY:\\\xc3\xa4", "ä\n");
}

static void takes_time_in_proportion(void **state)
{
	(void)state;
	/* A parameter of 200 KB, and as many folded lines that end as if they went on. */
	struct buf text;
	buf_init(&text, 4 << 20);
	buf_append_string(&text, "NOTE;QUOTED-PRINTABLE;X=");
	for (size_t i = 0; i < 200000; i++)
		buf_append_byte(&text, 'a');
	buf_append_string(&text, ":b");
	for (size_t i = 0; i < 500000; i++)
		buf_append_string(&text, "=\n");
	buf_append_string(&text, "\nSUMMARY:last\n");
	struct gathered g = {0};
	struct extract_file f = {.type = VIEW("text/calendar"), .bytes = buf_view(&text)};
	gather_file(&g, &f);
	assert_int_equal(g.verdict, EXTRACT_ALL);
	assert_non_null(strstr(buf_string(&g.text), "\nlast\n"));
	buf_done(&g.text);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_people_wrote_of_an_event),
	    cmocka_unit_test(reads_cards_of_all_versions),
	    cmocka_unit_test(reads_what_is_broken),
	    cmocka_unit_test(takes_time_in_proportion),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
