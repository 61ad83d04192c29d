import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")

application = get_wsgi_application()

# What is loaded now lives as long as the process: to look through it for garbage costs a page 50 ms now and then.
gc.collect()
gc.freeze()
