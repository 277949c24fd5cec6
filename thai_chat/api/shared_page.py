"""`/s/{token}`: what a link shows to whoever has it, as a page without scripts. No cookie is set, and none is read."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from thai_chat import texts
from thai_chat.api.dependencies import Address, Sharing
from thai_chat.domain.account_errors import TooManyAttempts
from thai_chat.domain.errors import HistoryError
from thai_chat.domain.share_errors import ShareNotFound, SharePasswordNeeded
from thai_chat.sharing.page import Frame, end_of_page, password_page, plain_page
from thai_chat.sharing.service import Shares

router = APIRouter(include_in_schema=False)


@router.api_route("/s/{token}", methods=["GET", "HEAD"])
async def shared(token: str, request: Request, shares: Sharing, address: Address) -> Response:
    """Show what is behind the link, or ask for its password."""
    return await _shown(token, request, shares, address, None)


@router.post("/s/{token}")
async def open_share(token: str, request: Request, shares: Sharing, address: Address) -> Response:
    """Show what is behind the link to somebody who gives its password."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    return await _shown(token, request, shares, address, form.get("password", [""])[0])


async def _shown(token: str, request: Request, shares: Shares, address: str, password: str | None) -> Response:
    version = request.app.state.page_version
    frame = Frame(texts.language_of(request.headers.get("accept-language")), f"/ui-static/{version}/")
    try:
        share = await shares.open(token, password=password, address=address)
        page = await shares.page(share, frame)
    except SharePasswordNeeded as error:
        # It is no fault that the link was opened without.
        problem = texts.text(error.code, frame.language) if password is not None else ""
        return HTMLResponse(password_page(frame, problem), 403 if problem else 200)
    except TooManyAttempts as error:
        problem = texts.text(error.code, frame.language, error.params)
        headers = {"Retry-After": str(error.params["seconds"])}
        return HTMLResponse(password_page(frame, problem), 429, headers)
    except ShareNotFound as error:
        return HTMLResponse(plain_page(frame, "shared_none_title", error.code), 404)
    except HistoryError:
        return HTMLResponse(plain_page(frame, "shared_away_title", "shared_away"), 503, {"Retry-After": "10"})
    if request.method != "HEAD":
        shares.viewed(share)
    return HTMLResponse(page + end_of_page(frame, token).encode())
