#include "../unit.h"

#include <errno.h>

#include "mime/base_subject.h"

static void base_subjects(void **state)
{
	static const struct {
		const char *subject, *base;
		bool is_answer;
	} cases[] = {
	    {"", "", false}, {"Hello", "HELLO", false}, {"  hello \t world ", "HELLO WORLD", false},
	    {"hello\r\n  world", "HELLO WORLD", false}, {"Re: hello", "HELLO", true},
	    {"re : hello", "HELLO", true}, {"RE: Re: re:hello", "HELLO", true}, {"Fw: hello", "HELLO", true},
	    {"Fwd: hello", "HELLO", true}, {"FW[2]: hello", "HELLO", true}, {"Re [5] : hello", "HELLO", true},
	    {"Ref: hello", "REF: HELLO", false}, {"Re", "RE", false}, {"Re:", "", true},
	    {"[list] hello", "HELLO", false}, {"[list] Re: hello", "HELLO", true},
	    {"Re: [list] hello", "HELLO", true}, {"[a] [b]hello", "HELLO", false},
	    {"[a][b] Re: [c] hello", "HELLO", true}, {"[list]", "[LIST]", false},
	    {"[list] ", "[LIST]", false}, {"Re: [list]", "[LIST]", true},
	    {"[a [b] hello", "[A [B] HELLO", false}, {"[unclosed hello", "[UNCLOSED HELLO", false},
	    {"hello (fwd)", "HELLO", true}, {"hello (FWD) (fwd) ", "HELLO", true}, {"(fwd)", "", true},
	    {"hello (fwd) you", "HELLO (FWD) YOU", false}, {"[Fwd: hello]", "HELLO", true},
	    {"[fwd: Re: [fwd: hello (fwd)]]", "HELLO", true}, {"Re: [Fwd: hello]", "HELLO", true},
	    {"[fwd: hello", "[FWD: HELLO", false}, {"=?utf-8?q?Re:_Gr=C3=BCn?=", "GRU\314\210N", true},
	    {"=?utf-8?b?4pyT?= check", "\342\234\223 CHECK", false},
	    /* What a list of libraries for this disagrees about. */
	    {"Re: Re[4]: Fwd: x", "X", true}, {"AW: hello", "AW: HELLO", false}, /* no word of the RFC's */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;
		bool is_answer;

		buf_init(&out, 1000);
		assert_int_equal(
		    base_subject_append(view_from_string(cases[i].subject), &out, &is_answer), 0);
		if (!view_equal(buf_view(&out), view_from_string(cases[i].base)) ||
		    is_answer != cases[i].is_answer)
			fail_msg("\"%s\" gives \"%s\", %d", cases[i].subject, buf_string(&out), is_answer);
		buf_done(&out);
	}
}

/* However deep "[fwd:" is nested, and however many prefixes there are, it takes one pass each. */
static void long_subjects(void **state)
{
	struct buf subject, out;
	bool is_answer;

	(void)state;
	buf_init(&subject, 100000);
	buf_init(&out, 100000);
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(buf_append_string(&subject, "Re: [x] "), 0);
	assert_int_equal(buf_append_string(&subject, "end"), 0);
	assert_int_equal(base_subject_append(buf_view(&subject), &out, &is_answer), 0);
	assert_view(buf_view(&out), "END");
	buf_clear(&out);
	buf_clear(&subject);
	for (size_t i = 0; i < 50000; i++)
		assert_int_equal(buf_append_string(&subject, "["), 0);
	assert_int_equal(base_subject_append(buf_view(&subject), &out, &is_answer), 0);
	assert_int_equal(buf_view(&out).len, 50000);
	buf_done(&subject);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base_subjects),
	    cmocka_unit_test(long_subjects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
