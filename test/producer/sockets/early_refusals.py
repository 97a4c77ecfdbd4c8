"""Sends `times` bodies of `bytes` bytes to `url` and prints the status of each answer."""
import sys
import urllib.error
import urllib.request

url, size, times, authorization = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
headers = {"Content-Type": "application/json", "Authorization": authorization}
for _ in range(times):
    request = urllib.request.Request(url, data=b"x" * size, headers=headers)
    try:
        print(urllib.request.urlopen(request, timeout=60).status)
    except urllib.error.HTTPError as error:
        print(error.code)
