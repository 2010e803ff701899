/* Rewritten senders: nothing that the fuzzer makes up comes back, and what goes there comes back as it was.
 * The line's first
 * "@" divides local part and domain. */
#include "fuzz.h"

#include "trust/route/srs.h"

enum { TODAY = 20000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct view secret = {"fedcba9876543210", 16};
	struct view v = view_of(data, size);
	ptrdiff_t at = view_find(v, '@');
	struct buf there, back;
	buf_init(&there, 1000);
	buf_init(&back, 1000);
	check(srs_reverse(v, TODAY, secret, &back) != 0 && buf_view(&back).len == 0);
	if (at >= 0) {
		struct view local = view_take(v, (size_t)at), domain = view_skip(v, (size_t)at + 1);
		if (srs_forward(local, domain, VIEW("us.example"), TODAY, secret, &there) == 0) {
			struct view made = buf_view(&there);
			check(made.len <= SRS_ADDRESS_MAX);
			struct view made_local = view_take(made, (size_t)view_find(made, '@'));
			check(srs_is(made_local));
			check(srs_reverse(made_local, TODAY, secret, &back) == 0);
			/* Of what another forwarder has rewritten, the first one's form comes back. */
			check(srs_is(local) || view_equal(buf_view(&back), v));
		}
	}
	buf_done(&there);
	buf_done(&back);
	return 0;
}
