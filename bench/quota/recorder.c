/*
 * An upstream that does nothing but note when requests arrive, and answer late.
 *
 * usage: recorder REPLY_MIN_MS REPLY_MAX_MS NETWORK_MS LIMIT
 *
 * Written in C because a Node process on the same cores would add its own event loop's jitter to what it measures. A request
 * arrives when its last byte has; the instant is the kernel's (SO_TIMESTAMPNS of the segment that completed it), not the
 * one at which this program got round to reading it. NETWORK_MS > 0 moves each arrival by a random 0..NETWORK_MS, as a network
 * in between would. LIMIT > 0 answers RequestLimitExceeded to whatever comes after the first LIMIT arrivals of a fixed
 * one-second window (of a random phase), as the upstream documents.
 *
 * Prints "port N" first and "arrival NS REFUSED BYTES KERNEL" for each request. A line of its standard input is a code: from then
 * on every answer is that error. Ends with its standard input.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_FDS 4096
#define HEAD_MAX 16384
#define EVENTS_MAX 65536
#define SECOND 1000000000LL

struct connection {
  char head[HEAD_MAX];
  size_t head_length;
  long long body_left; /* -1 while the head is incomplete */
  long long bytes;
  uint32_t generation;
};

/* Something due: an arrival to be counted (reply = 0) or a reply to be sent. */
struct event {
  long long at;
  int fd;
  uint32_t generation;
  int reply;
  int refused;
  long long bytes;
  int kernel;
};

static struct connection *connections[MAX_FDS];
static struct event heap[EVENTS_MAX];
static size_t heap_size;
static long long reply_min, reply_max, network, limit;
static long long phase, window = -1, in_window;
static int timer;
static char scratch[1 << 18];
static char code[128]; /* of every answer, once it is set */

static long long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

static long long random_below(long long bound) {
  return bound <= 0 ? 0 : (long long)(drand48() * (double)bound);
}

static void swap_events(size_t a, size_t b) {
  struct event kept = heap[a];
  heap[a] = heap[b];
  heap[b] = kept;
}

static void push_event(struct event event) {
  if (heap_size == EVENTS_MAX) abort();
  size_t i = heap_size++;
  heap[i] = event;
  for (; i > 0 && heap[(i - 1) / 2].at > heap[i].at; i = (i - 1) / 2) swap_events(i, (i - 1) / 2);
}

static struct event pop_event(void) {
  struct event first = heap[0];
  heap[0] = heap[--heap_size];
  for (size_t i = 0;;) {
    size_t least = i, left = 2 * i + 1, right = 2 * i + 2;
    if (left < heap_size && heap[left].at < heap[least].at) least = left;
    if (right < heap_size && heap[right].at < heap[least].at) least = right;
    if (least == i) return first;
    swap_events(i, least);
    i = least;
  }
}

static void send_reply(const struct event *event) {
  struct connection *c = connections[event->fd];
  if (!c || c->generation != event->generation) return;
  static const char accepted[] = "{\"Response\":{\"Result\":\"Success\"}}";
  static const char refused[] = "{\"Response\":{\"Error\":{\"Code\":\"RequestLimitExceeded\"}}}";
  char failed[192];
  snprintf(failed, sizeof failed, "{\"Response\":{\"Error\":{\"Code\":\"%s\"}}}", code);
  const char *body = event->refused ? refused : code[0] ? failed : accepted;
  char answer[384];
  int length = snprintf(answer, sizeof answer,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        strlen(body), body);
  if (write(event->fd, answer, (size_t)length) < 0) return;
}

static void count_arrival(struct event event) {
  if (limit > 0) {
    long long current = (event.at - phase) / SECOND;
    if (current != window) window = current, in_window = 0;
    event.refused = ++in_window > limit;
  }
  printf("arrival %lld %d %lld %d\n", event.at, event.refused, event.bytes, event.kernel);
  event.reply = 1;
  event.at += event.refused ? 20000000LL : reply_min + random_below(reply_max - reply_min);
  push_event(event);
}

static void run_due(void) {
  while (heap_size > 0 && heap[0].at <= now_ns()) {
    struct event event = pop_event();
    if (event.reply) send_reply(&event);
    else count_arrival(event);
  }
  fflush(stdout);
  struct itimerspec due = {0};
  if (heap_size > 0) {
    due.it_value.tv_sec = heap[0].at / SECOND;
    due.it_value.tv_nsec = heap[0].at % SECOND;
  }
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &due, NULL);
}

static void complete(int fd, long long at, int kernel) {
  struct connection *c = connections[fd];
  struct event event = {at + random_below(network), fd, c->generation, 0, 0, c->bytes, kernel};
  c->head_length = 0;
  c->body_left = -1;
  c->bytes = 0;
  push_event(event);
}

/* Takes bytes that arrived together. Requests do not follow each other without an answer in between. */
static void consume(int fd, const char *data, size_t length, long long at, int kernel) {
  struct connection *c = connections[fd];
  c->bytes += (long long)length;
  if (c->body_left < 0) {
    size_t room = HEAD_MAX - 1 - c->head_length, taken = length < room ? length : room;
    memcpy(c->head + c->head_length, data, taken);
    c->head_length += taken;
    c->head[c->head_length] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return;
    char *field = strcasestr(c->head, "\r\ncontent-length:");
    long long body = field ? atoll(field + 17) : 0;
    c->body_left = body - (long long)(c->bytes - (end + 4 - c->head));
  } else {
    c->body_left -= (long long)length;
  }
  if (c->body_left <= 0) complete(fd, at, kernel);
}

static void drop(int fd) {
  close(fd);
  if (connections[fd]) connections[fd]->generation++;
}

static void read_from(int fd) {
  for (;;) {
    char control[256];
    struct iovec part = {scratch, sizeof scratch};
    struct msghdr message = {0};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) {
      drop(fd);
      return;
    }
    long long at = 0;
    for (struct cmsghdr *m = CMSG_FIRSTHDR(&message); m; m = CMSG_NXTHDR(&message, m)) {
      if (m->cmsg_level == SOL_SOCKET && m->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec t;
        memcpy(&t, CMSG_DATA(m), sizeof t);
        at = t.tv_sec * SECOND + t.tv_nsec;
      }
    }
    consume(fd, scratch, (size_t)length, at ? at : now_ns(), at != 0);
  }
}

static void accept_from(int listener, int poll) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (fd >= MAX_FDS) {
      close(fd);
      continue;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (!connections[fd]) connections[fd] = calloc(1, sizeof *connections[fd]);
    uint32_t generation = connections[fd]->generation + 1;
    memset(connections[fd], 0, sizeof *connections[fd]);
    connections[fd]->generation = generation;
    connections[fd]->body_left = -1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  }
}

/* Returns 0 at the end of standard input. */
static int take_code(int fd) {
  ssize_t length = read(fd, scratch, sizeof code - 1);
  if (length <= 0) return 0;
  memcpy(code, scratch, (size_t)length);
  code[length] = 0;
  code[strcspn(code, "\n")] = 0;
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  reply_min = atoll(argv[1]) * 1000000LL;
  reply_max = atoll(argv[2]) * 1000000LL;
  network = atoll(argv[3]) * 1000000LL;
  limit = atoll(argv[4]);
  srand48(now_ns());
  phase = random_below(SECOND);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  setsockopt(listener, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1024)) return 1;
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
  int poll = epoll_create1(0);
  int watched[] = {listener, timer, STDIN_FILENO};
  for (int i = 0; i < 3; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = watched[i]};
    epoll_ctl(poll, EPOLL_CTL_ADD, watched[i], &event);
  }
  for (;;) {
    struct epoll_event ready[64];
    int count = epoll_wait(poll, ready, 64, -1);
    for (int i = 0; i < count; i++) {
      int fd = ready[i].data.fd;
      uint64_t fired;
      if (fd == STDIN_FILENO) {
        if (!take_code(fd)) return 0;
      } else if (fd == listener) accept_from(listener, poll);
      else if (fd == timer) {
        if (read(timer, &fired, sizeof fired) < 0) continue;
      } else read_from(fd);
    }
    run_due();
  }
}
