/* What cli_remote.h reads and shows as text: pure functions. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli_remote.h"
#include "format/plain.h"
#include "format/domain.h"

/* ---- the server ---- */

static bool take_host(struct view text, char host[REMOTE_HOST_SIZE])
{
	struct in6_addr address;
	struct buf name;
	if (text.len == 0 || text.len >= REMOTE_HOST_SIZE || memchr(text.data, '\0', text.len))
		return false;
	memcpy(host, text.data, text.len);
	host[text.len] = '\0';
	if (inet_pton(AF_INET6, host, &address) == 1)
		return true;
	buf_init(&name, REMOTE_HOST_SIZE - 1);
	/* In A-labels: neither look-up nor certificates know others. */
	bool good = domain_normalize(text, &name) == 0 && text.data[0] != '[';
	if (good)
		snprintf(host, REMOTE_HOST_SIZE, "%.*s", VIEW_FMT(buf_view(&name)));
	buf_done(&name);
	return good;
}

bool remote_parse_server(const char *text, char host[REMOTE_HOST_SIZE], unsigned *port)
{
	struct view all = view_from_string(text), name = all, number = {0};
	uint64_t n = 0;
	ptrdiff_t first = view_find(all, ':'), last = view_find_last(all, ':');
	if (view_starts(all, VIEW("["))) {
		ptrdiff_t end = view_find(all, ']');
		if (end < 0)
			return false;
		name = view_take(view_skip(all, 1), (size_t)end - 1);
		number = view_skip(all, (size_t)end + 1);
		if (number.len > 0 && number.data[0] != ':')
			return false;
	} else if (first >= 0 && first == last) {
		name = view_take(all, (size_t)first);
		number = view_skip(all, (size_t)first);
	}
	if (number.len > 0 && (!view_to_u64(view_skip(number, 1), 65535, &n) || n == 0))
		return false;
	*port = (unsigned)n;
	return take_host(name, host);
}

/* ---- the dialogue ---- */

static void show(struct buf *out, const char *mark, struct view line)
{
	buf_append_string(out, mark);
	plain_text(out, line);
	buf_append_byte(out, '\n');
}

static struct view without_cr(struct view line)
{
	return view_take(line, line.len - (line.len > 0 && line.data[line.len - 1] == '\r'));
}

static void show_sent(struct remote_dialogue *d, struct view line, struct buf *out)
{
	struct view rest = line, word, mechanism;
	if (d->secret) {
		show(out, "> ", VIEW("***"));
	} else if (view_starts_nocase(line, VIEW("PASS "))) {
		show(out, "> ", VIEW("PASS ***"));
	} else if (view_starts_nocase(line, VIEW("AUTH ")) && view_next(&rest, ' ', &word) &&
	           view_next(&rest, ' ', &mechanism)) {
		buf_append_string(out, "> AUTH ");
		plain_text(out, mechanism);
		buf_append_string(out, rest.data ? " ***\n" : "\n");
		d->secret = true;
	} else {
		show(out, "> ", line);
	}
}

void remote_dialogue_sent(struct remote_dialogue *d, struct view lines, struct buf *out)
{
	struct view line;
	while (lines.len > 0 && view_next(&lines, '\n', &line))
		show_sent(d, without_cr(line), out);
}

void remote_dialogue_received(struct remote_dialogue *d, struct view lines, struct buf *out)
{
	struct view line;
	while (lines.len > 0 && view_next(&lines, '\n', &line)) {
		line = without_cr(line);
		show(out, "< ", line);
		bool asks = view_starts(line, VIEW("334")) || view_starts(line, VIEW("+ "));
		bool more = line.len > 3 && ascii_is_digit(line.data[0]) && line.data[3] == '-';
		if (!asks && !more)
			d->secret = false;
	}
}
