/* See passage.h. */
#include "master/passage.h"

#include <fcntl.h>
#include <string.h>

#include "base/mem.h"

enum { BYTES_MAX = 1024 * 1024 /* settings and certificate chains have less */ };

void passage_number(struct passage *p, uint64_t *n)
{
	if (p->reads)
		*n = cursor_u64(&p->in);
	else
		buf_append_u64(&p->out, *n);
}

void passage_flag(struct passage *p, bool *flag)
{
	uint64_t n = *flag;
	passage_number(p, &n);
	*flag = n != 0;
}

void passage_count(struct passage *p, unsigned *count)
{
	uint64_t n = *count;
	passage_number(p, &n);
	*count = (unsigned)n;
}

void passage_time(struct passage *p, int64_t *time)
{
	uint64_t n = (uint64_t)*time;
	passage_number(p, &n);
	*time = (int64_t)n;
}

void passage_descriptor(struct passage *p, int *fd)
{
	int64_t n = *fd;
	passage_time(p, &n);
	*fd = (int)n;
	if (*fd >= 0)
		fcntl(*fd, F_SETFD, p->reads ? FD_CLOEXEC : 0);
}

void passage_string(struct passage *p, char **text)
{
	bool is_there = *text != NULL;
	passage_flag(p, &is_there);
	if (!is_there) {
		*text = NULL;
	} else if (p->reads) {
		*text = mem_string(cursor_bytes(&p->in, cursor_u32(&p->in)));
	} else {
		buf_append_u32(&p->out, (uint32_t)strlen(*text));
		buf_append_string(&p->out, *text);
	}
}

void passage_bytes(struct passage *p, struct buf *bytes)
{
	if (p->reads) {
		buf_init(bytes, BYTES_MAX);
		buf_append(bytes, cursor_bytes(&p->in, cursor_u32(&p->in)));
	} else {
		buf_append_u32(&p->out, (uint32_t)buf_view(bytes).len);
		buf_append(&p->out, buf_view(bytes));
	}
}
