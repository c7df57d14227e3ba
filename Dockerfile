# 网页、后台任务、定时器用同一个镜像；不含测试工具和内置数据库。
FROM python:3.11-slim-bookworm AS libraries
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 1000 --home-dir /app portal \
    && install -d -o portal -g portal /data
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /app
COPY . .
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PORTAL_DATA=/data STATIC_ROOT=/srv/static
# 收集样式只读代码，下面三个值哪里也连不上，也不留在镜像里。
RUN SECRET_KEY=build DATABASE_URL=postgresql:///build REDIS_URL=redis:///0 \
    python manage.py collectstatic --no-input -v 0
USER portal
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "docker/health.py"]
CMD ["gunicorn", "association.wsgi", "--bind", "0.0.0.0:8000"]
