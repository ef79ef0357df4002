// The machine's float32 peak: multiply-adds that never leave the registers, in GFLOP per second of processor time of
// one core, with as many threads at work as the argument says. Built and run by engine.ts.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef float vector __attribute__((vector_size(32)));
enum { accumulators = 12, rounds = 40000000 };

static void *work(void *sum) {
  vector a[accumulators], x = {1e-9f}, y = {1.0000001f};
  for (int i = 0; i < accumulators; i++) a[i] = x * (float)i;
  for (long n = 0; n < rounds; n++) {
#pragma GCC unroll 12
    for (int i = 0; i < accumulators; i++) a[i] = a[i] * y + x;
    __asm__ volatile("" : "+x"(x), "+x"(y));
  }
  for (int i = 1; i < accumulators; i++) a[0] += a[i];
  *(float *)sum = a[0][0];
  return NULL;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 1;
  pthread_t ids[256];
  float sums[256];
  struct timespec start, end;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, work, &sums[i]);
  for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  double seconds = (end.tv_sec - start.tv_sec) + 1e-9 * (end.tv_nsec - start.tv_nsec);
  // The sum is printed so that the work cannot be left out.
  printf("%f %f\n", 2.0 * 8 * accumulators * (double)rounds * threads / seconds / 1e9, sums[0]);
}
