FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --system --no-create-home --shell /usr/sbin/nologin coordinator
WORKDIR /app

# the requirements change seldom: a layer of their own
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt

COPY pyproject.toml README.md LICENSE ./
COPY coordinator coordinator
COPY migrations migrations
COPY static static
RUN pip install --no-deps --no-build-isolation .

USER coordinator
ENV COORDINATOR_HOST=0.0.0.0 COORDINATOR_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['COORDINATOR_PORT'] + '/healthz', timeout=2)"]
CMD ["coordinator", "serve"]
