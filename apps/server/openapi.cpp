#include "babelgrad/apps/server/openapi.h"

namespace babelgrad::apps {

const char* const kOpenApi = R"json({
  "openapi": "3.0.3",
  "info": {
    "title": "babelgrad serve",
    "version": "1",
    "description": "Every answer that is not 200 is {\"error\": \"one sentence\"}."
  },
  "components": {
    "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    "parameters": {
      "model": {
        "name": "model", "in": "query", "schema": {"type": "string"},
        "description": "Name of the model; the first one if missing."
      }
    },
    "schemas": {
      "TranslateRequest": {
        "type": "object", "required": ["sentences"], "additionalProperties": false,
        "properties": {
          "sentences": {"oneOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]},
          "beam": {"type": "integer", "minimum": 1},
          "nbest": {"type": "integer", "minimum": 1},
          "alignments": {"type": "boolean"},
          "model": {"type": "string"}
        },
        "example": {"sentences": ["je vois"], "beam": 2, "nbest": 2, "alignments": true}
      },
      "TranslateReply": {
        "type": "object", "required": ["results"],
        "properties": {
          "results": {"type": "array", "items": {
            "type": "object", "required": ["source_tokens", "translations"],
            "properties": {
              "source_tokens": {"type": "array", "items": {"type": "string"}},
              "translations": {"type": "array", "items": {
                "type": "object",
                "required": ["text", "tokens", "score", "log_probability", "finished"],
                "properties": {
                  "text": {"type": "string"},
                  "tokens": {"type": "array", "items": {"type": "string"}},
                  "score": {"type": "number"},
                  "log_probability": {"type": "number"},
                  "finished": {"type": "boolean"},
                  "attention": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}
                }
              }}
            }
          }}
        }
      },
      "ExplainRequest": {
        "type": "object", "required": ["sentence"], "additionalProperties": false,
        "properties": {
          "sentence": {"type": "string"},
          "beam": {"type": "integer", "minimum": 1},
          "masked": {"type": "array", "items": {"type": "integer", "minimum": 0}},
          "weights": {"type": "object", "additionalProperties": {
            "type": "array", "items": {"type": "number", "minimum": 0}}},
          "model": {"type": "string"}
        },
        "example": {"sentence": "je vois", "masked": [1]}
      },
      "LibreRequest": {
        "type": "object", "required": ["q"], "additionalProperties": false,
        "properties": {
          "q": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
          "source": {"type": "string"},
          "target": {"type": "string"},
          "format": {"type": "string", "enum": ["text"]},
          "alternatives": {"type": "integer", "minimum": 0},
          "api_key": {"type": "string"}
        },
        "example": {"q": "je vois", "source": "fr", "target": "en"}
      },
      "LibreReply": {
        "type": "object", "required": ["translatedText"],
        "properties": {
          "translatedText": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
          "alternatives": {"type": "array"}
        }
      }
    }
  },
  "security": [{}, {"token": []}],
  "paths": {
    "/": {
      "get": {
        "summary": "The live page",
        "parameters": [{"$ref": "#/components/parameters/model"}],
        "responses": {"200": {"description": "HTML", "content": {"text/html": {}}}}
      }
    },
    "/api/translate": {
      "post": {
        "summary": "Translations of sentences",
        "parameters": [{"$ref": "#/components/parameters/model"}],
        "requestBody": {"required": true, "content": {"application/json": {
          "schema": {"$ref": "#/components/schemas/TranslateRequest"}}}},
        "responses": {"200": {"description": "A result a sentence, in order", "content": {
          "application/json": {"schema": {"$ref": "#/components/schemas/TranslateReply"}}}}}
      }
    },
    "/api/explain": {
      "post": {
        "summary": "The document of the explain page",
        "parameters": [{"$ref": "#/components/parameters/model"}],
        "requestBody": {"required": true, "content": {"application/json": {
          "schema": {"$ref": "#/components/schemas/ExplainRequest"}}}},
        "responses": {"200": {"description": "What the page shows", "content": {
          "application/json": {"schema": {"type": "object"}}}}}
      }
    },
    "/translate": {
      "post": {
        "summary": "Translations of texts, as LibreTranslate has it",
        "requestBody": {"required": true, "content": {"application/json": {
          "schema": {"$ref": "#/components/schemas/LibreRequest"}}}},
        "responses": {"200": {"description": "The translated text or texts", "content": {
          "application/json": {"schema": {"$ref": "#/components/schemas/LibreReply"}}}}}
      }
    },
    "/api/model": {
      "get": {
        "summary": "The model, the names of all, and the limits",
        "parameters": [{"$ref": "#/components/parameters/model"}],
        "responses": {"200": {"description": "Sizes and settings", "content": {
          "application/json": {"schema": {"type": "object"}}}}}
      }
    },
    "/openapi.json": {
      "get": {
        "summary": "This description",
        "responses": {"200": {"description": "OpenAPI", "content": {"application/json": {}}}}
      }
    },
    "/healthz": {
      "get": {
        "summary": "Whether the server is there",
        "security": [],
        "responses": {"200": {"description": "ok", "content": {"text/plain": {}}}}
      }
    },
    "/metrics": {
      "get": {
        "summary": "Figures for Prometheus",
        "responses": {"200": {"description": "Prometheus text", "content": {"text/plain": {}}}}
      }
    }
  }
}
)json";

}  // namespace babelgrad::apps
